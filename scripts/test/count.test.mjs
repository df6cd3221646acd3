import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { countTests, leaveOut, sum } from './count.mjs'

const folder = mkdtempSync(join(tmpdir(), 'tidings-count-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function count(testResults, exitCode) {
  const report = join(folder, 'report.json')
  writeFileSync(report, JSON.stringify({ testResults }))
  return countTests(report, exitCode)
}

const file = (status, ...statuses) => ({
  name: 'a.test.ts',
  status,
  message: '',
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: ` test ${index}` })),
})

test('tests are counted as they ended, and named when they did not pass', () => {
  const counted = count([file('failed', 'passed', 'failed', 'skipped', 'todo'), file('passed', 'passed')], 1)
  expect(counted).toMatchObject({ passed: 2, failed: 1, skipped: 2, failures: ['a.test.ts: test 1'] })
})

test('a file that could not be loaded is a failure, though it has no test that failed', () => {
  expect(count([file('failed')], 1)).toMatchObject({ passed: 0, failed: 1 })
})

test('an error outside of the tests is a failure, though all of them passed', () => {
  expect(count([file('passed', 'passed')], 1)).toMatchObject({ passed: 1, failed: 1 })
})

test('a run that ended before its report was written is a failure', () => {
  expect(countTests(join(folder, 'missing.json'), 0)).toMatchObject({ passed: 0, failed: 1 })
})

test('the steps add up', () => {
  const one = { passed: 1, failed: 2, skipped: 3 }
  expect(sum([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 })
})

test('cases that a list leaves out do not count as skipped, and a list that is not true fails', () => {
  const list = join(folder, 'not-yet.json')
  writeFileSync(list, JSON.stringify([{ reason: 'later', cases: ['one', 'gone'] }]))
  const run = { passed: 1, failed: 0, skipped: 2, failures: [], skips: ['a.test.ts: one', 'a.test.ts: two'] }
  const counted = leaveOut(run, list, () => {})
  expect(counted).toMatchObject({ passed: 1, failed: 1, skipped: 1, skips: ['a.test.ts: two'] })
})
