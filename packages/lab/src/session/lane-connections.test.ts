import type { Way } from '@tidings/protocol'
import { expect, test } from 'vitest'
import type { ExchangeRecord, Lane } from '../record/types.js'
import { connectionsToClose } from './lane-connections.js'

/** Exchanges as `[connection, whether it goes on]`. */
function lanes(given: Partial<Record<Way, [number, boolean][]>>) {
  return (way: Way): Lane => {
    const exchanges = (given[way] ?? []).map(([connection, goesOn]) => ({
      connection,
      endedAtMs: goesOn ? undefined : 1,
    }))
    return { exchanges: exchanges as ExchangeRecord[] } as unknown as Lane
  }
}

test('a lane hears on the connections of its exchanges that go on, whoever opened them', () => {
  const given = lanes({
    'short-poll': [[1, false]],
    'long-poll': [
      [2, false],
      [1, true],
      [3, true],
    ],
  })
  expect([...connectionsToClose('long-poll', given)]).toEqual([1, 3])
})

test('between two polls it is the last connection', () => {
  const given = lanes({
    'short-poll': [
      [1, false],
      [2, false],
    ],
  })
  expect([...connectionsToClose('short-poll', given)]).toEqual([2])
})

test('a connection that another lane has taken meanwhile is left alone', () => {
  const given = lanes({ 'short-poll': [[1, false]], 'long-poll': [[1, true]] })
  expect([...connectionsToClose('short-poll', given)]).toEqual([])
})

test('a lane that has asked nothing has none', () => {
  expect([...connectionsToClose('sse', lanes({}))]).toEqual([])
})
