import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

/** @type {{ passed: number, failed: number, skipped: number, failures: string[], skips: string[] }} */
export const noTests = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] }

/**
 * Counts the tests of one run from Vitest's JSON report.
 *
 * What fails without being a test counts as one failure, so that a run is green only when its count is: a file
 * that could not be loaded, an error outside of every test, a run that ended before its report was written.
 */
export function countTests(reportFile, exitCode) {
  const files = readReport(reportFile)?.testResults
  if (!files) return { ...noTests, failed: 1, failures: ['the run ended without a report'] }

  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ file: file.name, ...test })))
  const named = (status) => tests.filter((test) => status.includes(test.status)).map(nameTest)
  const failures = named(['failed'])
  const brokenFiles = files
    .filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    )
    .map((file) => `${relative('.', file.name)}: ${file.message || 'could not be run'}`)
  failures.push(...brokenFiles)
  if (exitCode !== 0 && failures.length === 0) failures.push('an error outside of the tests')

  const skips = named(['skipped', 'pending', 'todo', 'disabled'])
  const passed = named(['passed']).length
  return { passed, failed: failures.length, skipped: skips.length, failures, skips }
}

export function sum(counts) {
  const add = (key) => counts.reduce((total, count) => total + count[key], 0)
  return { passed: add('passed'), failed: add('failed'), skipped: add('skipped') }
}

/**
 * Takes the cases that a file lists, each group with its reason, out of the skipped ones, and says so. A case
 * that is listed but was not left out is a failure: the list is no longer true.
 *
 * @param listFile JSON, `[{ reason, cases: [full name of a test, …] }, …]`
 */
export function leaveOut(count, listFile, say) {
  const groups = JSON.parse(readFileSync(listFile, 'utf8'))
  const skips = [...count.skips]
  const failures = [...count.failures]
  for (const { reason, cases } of groups) {
    say(`left out: ${cases.length} cases (${listFile}): ${reason}`)
    for (const name of cases) {
      const index = skips.findIndex((skip) => skip.endsWith(`: ${name}`))
      if (index === -1) failures.push(`${listFile} lists a case that was not left out: ${name}`)
      else skips.splice(index, 1)
    }
  }
  return { ...count, failed: failures.length, failures, skipped: skips.length, skips }
}

function nameTest(test) {
  return `${relative('.', test.file)}: ${test.fullName.trim()}`
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
