import { expect, test } from 'vitest'
import { predict } from '../../figures/index.js'
import type { LaneFigures } from '../../figures/types.js'
import { forEachWay } from '../state/snapshot.js'
import { costRows, type LaneCosts } from './cost-rows.js'

const figures: LaneFigures = {
  requests: 10,
  emptyAnswers: 0,
  connections: 1,
  bytesUp: 4_000,
  bytesDown: 3_000,
  payloadBytes: 1_000,
  messages: 10,
  delayP50Ms: 5,
  delayP99Ms: 9,
  roundTripP50Ms: undefined,
  delays: { atMs: [], delayMs: [] },
  elapsedSeconds: 10,
  lost: 0,
  twice: 0,
  outOfOrder: 0,
}
const input = {
  messagesPerSecond: 1,
  burst: 1,
  messageBytes: 100,
  pollIntervalMs: 1_000,
  holdSeconds: 20,
  isKeptAlive: true,
  requestHeadBytes: 400,
  answerHeadBytes: 200,
  emptyAnswerBytes: 150,
  roundTripMs: 2,
}
const expected = {
  requests: 12.4,
  emptyAnswers: 0,
  connections: 1,
  bytesUp: 4_100,
  bytesDown: 3_050,
  payloadBytes: 1_050,
  messages: 10,
}

function rowOf(name: string, of: Partial<Record<string, Partial<LaneFigures>>>) {
  const lanes = forEachWay(
    (way): LaneCosts => ({ figures: { ...figures, ...of[way] }, expected, prediction: predict(way, input) }),
  )
  return costRows(lanes).find((row) => row.name === name)!
}

function bestIn(name: string, of: Partial<Record<string, Partial<LaneFigures>>>) {
  return Object.entries(rowOf(name, of).cells)
    .filter(([, { isBest }]) => isBest)
    .map(([way]) => way)
}

test('the least is best, and two that share it both are', () => {
  expect(bestIn('requests', { sse: { requests: 1 }, websocket: { requests: 1 } })).toEqual([
    'sse',
    'websocket',
  ])
  expect(bestIn('delay-p99', { websocket: { delayP99Ms: 2 } })).toEqual(['websocket'])
})

test('delays that differ by what a clock can be off are as good as each other', () => {
  const delays = { sse: { delayP50Ms: 1 }, websocket: { delayP50Ms: 2 }, 'long-poll': { delayP50Ms: 4.5 } }
  expect(bestIn('delay-p50', delays)).toEqual(['sse', 'websocket'])
})

test('where all are alike none is best', () => {
  expect(bestIn('requests', {})).toEqual([])
})

test('a lane that has heard half as long is not better for it', () => {
  expect(bestIn('bytes-up', { sse: { bytesUp: 2_000, messages: 5 }, websocket: { bytesUp: 3_900 } })).toEqual(
    ['websocket'],
  )
})

test('a lane that has heard nothing is not the best', () => {
  expect(bestIn('requests', { sse: { requests: 0, messages: 0 }, websocket: { requests: 9 } })).toEqual([
    'websocket',
  ])
  expect(bestIn('delay-p50', { sse: { delayP50Ms: undefined }, websocket: { delayP50Ms: 1 } })).toEqual([
    'websocket',
  ])
})

test('payload and messages have no best: they are what was wanted', () => {
  expect(bestIn('payload', { sse: { payloadBytes: 1 } })).toEqual([])
  expect(bestIn('messages', { sse: { messages: 1 } })).toEqual([])
})

test('beside each figure stands what arithmetic says, with its sentence', () => {
  const { cells } = rowOf('requests', {})
  expect(cells['short-poll']).toMatchObject({ text: '10', expected: '≈ 12' })
  expect(cells['short-poll'].because).toMatch(/1 request each/)
  expect(rowOf('overhead', {}).cells.sse).toMatchObject({ text: '6.0 kB', expected: '≈ 6.1 kB' })
})

test('a client’s lines are counted from the code that is shown', () => {
  const { cells } = rowOf('lines', {})
  expect(cells.sse).toMatchObject({ text: '3', isBest: true })
})
