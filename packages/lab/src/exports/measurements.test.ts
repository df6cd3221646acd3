import { expect, test } from 'vitest'
import type { LaneFigures } from '../figures/types.js'
import { type Measurements, measurementRows, measurementsCsv, measurementsJson } from './measurements.js'

const figures: LaneFigures = {
  requests: 12,
  emptyAnswers: 3,
  connections: 1,
  bytesUp: 4_000,
  bytesDown: 9_000,
  payloadBytes: 840,
  messages: 10,
  delayP50Ms: 1.5,
  delayP99Ms: 8.25,
  roundTripP50Ms: undefined,
  delays: { atMs: [1], delayMs: [1.5] },
  elapsedSeconds: 60,
  lost: 0,
  twice: 0,
  outOfOrder: 0,
}

const measurements: Measurements = {
  takenAt: '2026-11-25T14:00:00.000Z',
  serverOrigin: 'http://localhost:8080',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64), like "Gecko"',
  clock: { offsetMs: -2.5, errorMs: 0.5 },
  settings: { pollIntervalMs: 1_000, holdSeconds: 25, isKeptAlive: true },
  workload: {
    messagesPerSecond: 2,
    burst: 1,
    messageBytes: 84,
    readers: { 'short-poll': 0, 'long-poll': 0, sse: 50, websocket: 0 },
  },
  lanes: {
    'short-poll': figures,
    'long-poll': figures,
    sse: { ...figures, requests: 1 },
    websocket: { ...figures, roundTripP50Ms: 2 },
  },
}

test('the table has a line for each way, under columns that name their units', () => {
  const [header, ...lines] = measurementsCsv(measurementRows(measurements)).trimEnd().split('\r\n')
  expect(lines.map((line) => line.split(',')[0])).toEqual(['short-poll', 'long-poll', 'sse', 'websocket'])
  const columns = header!.split(',')
  const sse = lines[2]!.split(',')
  const cellOf = (column: string) => sse[columns.indexOf(column)]
  expect(cellOf('requests')).toBe('1')
  expect(cellOf('delay_p99_ms')).toBe('8.25')
  expect(cellOf('round_trip_p50_ms')).toBe('')
  expect(cellOf('other_readers')).toBe('50')
  expect(cellOf('clock_offset_ms')).toBe('-2.5')
  expect(lines[2]).toMatch(/,"Mozilla\/5\.0 \(X11; Linux x86_64\), like ""Gecko"""$/)
})

test('the JSON has all of it, single delays too', () => {
  expect(JSON.parse(measurementsJson(measurements))).toEqual(JSON.parse(JSON.stringify(measurements)))
  expect(measurementsJson(measurements)).toContain('"delayMs"')
})
