import type { TraceEvent } from '@tidings/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TraceBatches } from './trace-batches.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function event(exchange: number, bytes = ''): TraceEvent {
  return { kind: 'down', exchange, lane: 'sse', atMs: 0, bytes, byteLength: bytes.length }
}

/** A page that reads, or does not. */
function startBatches() {
  const page = { isReading: true, batches: [] as { exchanges: number[]; missed: number }[] }
  const batches = new TraceBatches((events, missed) => {
    if (page.isReading)
      page.batches.push({
        exchanges: events.flatMap((each) => ('exchange' in each ? [each.exchange] : [])),
        missed,
      })
    return page.isReading
  })
  return { page, batches }
}

test('what happens within a moment is told together, in order', () => {
  const { page, batches } = startBatches()
  for (const exchange of [1, 2, 3]) batches.add(event(exchange))
  expect(page.batches).toEqual([])
  vi.runAllTimers()
  batches.add(event(4))
  vi.runAllTimers()
  expect(page.batches).toEqual([
    { exchanges: [1, 2, 3], missed: 0 },
    { exchanges: [4], missed: 0 },
  ])
})

test('a page that does not read misses what is too much, is told how much, and then hears on', () => {
  const { page, batches } = startBatches()
  page.isReading = false
  for (let exchange = 1; exchange <= 10_000; exchange++) batches.add(event(exchange))
  vi.advanceTimersByTime(1_000)
  page.isReading = true
  vi.advanceTimersByTime(1_000)
  batches.add(event(10_001))
  vi.advanceTimersByTime(1_000)
  const [first, second] = page.batches
  expect(first?.exchanges).toEqual(Array.from({ length: 4_000 }, (_, index) => index + 1))
  expect(first?.missed).toBe(6_000)
  expect(second).toEqual({ exchanges: [10_001], missed: 0 })
})

test('what waits is bounded in bytes, too', () => {
  const { page, batches } = startBatches()
  page.isReading = false
  for (let exchange = 1; exchange <= 1_000; exchange++) batches.add(event(exchange, 'x'.repeat(16_384)))
  page.isReading = true
  vi.advanceTimersByTime(1_000)
  expect(page.batches[0]?.exchanges.length).toBe(512)
  expect(page.batches[0]?.missed).toBe(488)
})

test('when it is stopped nothing more is told', () => {
  const { page, batches } = startBatches()
  batches.add(event(1))
  batches.stop()
  vi.runAllTimers()
  expect(page.batches).toEqual([])
})
