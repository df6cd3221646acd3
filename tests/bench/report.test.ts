import { expect, test } from 'vitest'
import { tableOf, withMedians } from '../../bench/harness/index.mjs'

const scenario = { figures: [{ key: 'perSecond', title: 'a second' }] }
const lost = { failure: '3 messages that never came' }

function tableWith(...rounds: Record<string, number | string>[]): string {
  const rows = [{ case: 'many readers', peer: 'tidings', title: 'Tidings', rounds }]
  return tableOf(scenario, withMedians(rows, scenario))
}

test('a round in which a message was lost is told beside the figures of the others', () => {
  const table = tableWith({ perSecond: 10 }, lost, { perSecond: 30 })
  expect(table).toContain('20')
  expect(table).toContain('many readers, Tidings: 1 of 3 rounds no result, 3 messages that never came.')
})

test('a row without a good round says why, and one whose rounds are all good says nothing', () => {
  expect(tableWith(lost, lost)).toContain('many readers, Tidings: 3 messages that never came.')
  expect(tableWith({ perSecond: 10 }, { perSecond: 20 })).not.toContain('Tidings:')
})

test('why a search of capacity ended is not told as a failure', () => {
  const found = { perSecond: 10, failure: 'p99 was 60 ms' }
  expect(tableWith(found, found)).not.toContain('Tidings:')
})
