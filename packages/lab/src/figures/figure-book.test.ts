import { describe, expect, test } from 'vitest'
import { FigureBook } from './figure-book.js'

const totals = { requests: 5, emptyAnswers: 2, connections: 1, bytesUp: 500, bytesDown: 900 }

describe('the figures of a lane', () => {
  test('are what was traced, and what was heard', () => {
    const book = new FigureBook()
    book.began('sse', 1_000)
    book.heard('sse', { n: 1, delayMs: 4, payloadBytes: 100, atMs: 1_500 })
    book.heard('sse', { n: 3, delayMs: 6, payloadBytes: 100, atMs: 1_600 })
    book.heard('sse', { payloadBytes: 20, atMs: 1_700 })
    book.roundTrip('sse', 12)
    expect(book.of('sse', totals, 3_000)).toEqual({
      ...totals,
      payloadBytes: 220,
      messages: 3,
      delayP50Ms: 4,
      delayP99Ms: 6,
      roundTripP50Ms: 12,
      delays: { atMs: [1_500, 1_600], delayMs: [4, 6] },
      elapsedSeconds: 2,
      lost: 1,
      twice: 0,
      outOfOrder: 0,
    })
    expect(book.of('websocket', totals, 3_000)).toMatchObject({ messages: 0, elapsedSeconds: 0, lost: 0 })
  })

  test('go on from the first beginning', () => {
    const book = new FigureBook()
    book.began('sse', 1_000)
    book.began('sse', 9_000)
    expect(book.of('sse', totals, 11_000).elapsedSeconds).toBe(10)
  })

  test('show the latest 600 delays, and percentiles of the latest 2,000', () => {
    const book = new FigureBook()
    for (let n = 1; n <= 5_000; n += 1) book.heard('sse', { n, delayMs: n, payloadBytes: 1, atMs: n })
    const { delays, delayP50Ms, delayP99Ms, messages } = book.of('sse', totals, 5_000)
    expect(delays.delayMs).toHaveLength(600)
    expect([delays.delayMs[0], delays.atMs.at(-1)]).toEqual([4_401, 5_000])
    expect([delayP50Ms, delayP99Ms, messages]).toEqual([4_000, 4_980, 5_000])
  })
})
