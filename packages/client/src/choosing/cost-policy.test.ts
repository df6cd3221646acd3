import type { Way } from '@tidings/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { affordableWays, hiddenIntervalMs, type Usage } from './cost-policy.js'

const all: readonly Way[] = ['websocket', 'sse', 'long-poll', 'short-poll']
const polls: readonly Way[] = ['long-poll', 'short-poll']

function use(usage: Partial<Usage>, now: readonly Way[] = polls, wished = all): readonly Way[] {
  return affordableWays(wished, { hiddenMs: 0, messagesPerMinute: 0, idleMs: 0, ...usage }, now)
}

test('a quiet channel is heard by polls, a busy one by all that is wished for', () => {
  expect(use({ messagesPerMinute: 5 })).toEqual(polls)
  expect(use({ messagesPerMinute: 20 })).toEqual(all)
})

test('a rate between quiet and busy changes nothing', () => {
  expect(use({ messagesPerMinute: 15 }, polls)).toEqual(polls)
  expect(use({ messagesPerMinute: 15 }, all)).toEqual(all)
  expect(use({ messagesPerMinute: 9 }, all)).toEqual(polls)
  expect(use({ messagesPerMinute: 15 }, ['sse'], ['websocket', 'sse'])).toEqual(['sse'])
})

test('a burst that is over a minute ago makes no channel busy', () => {
  expect(use({ messagesPerMinute: 50, idleMs: 60_000 }, all)).toEqual(polls)
})

test('a page that is hidden for a minute polls, however busy the channel is, and one that is hidden in passing goes on', () => {
  expect(use({ messagesPerMinute: 50, hiddenMs: 59_999 }, all)).toEqual(all)
  expect(use({ messagesPerMinute: 50, hiddenMs: 60_000 }, all)).toEqual(['short-poll'])
  expect(use({ messagesPerMinute: 50, hiddenMs: 0 }, ['short-poll'])).toEqual(all)
  expect(hiddenIntervalMs).toBe(30_000)
})

test('what is wished for is kept in its order, and one way of it at least is left', () => {
  expect(use({ messagesPerMinute: 50 }, polls, ['sse', 'short-poll', 'websocket'])).toEqual([
    'sse',
    'short-poll',
    'websocket',
  ])
  expect(use({ hiddenMs: 60_000 }, polls, ['websocket'])).toEqual(['websocket'])
  expect(use({ hiddenMs: 60_000 }, all, ['websocket', 'sse'])).toEqual(['sse'])
  expect(use({ hiddenMs: 60_000 }, all, ['websocket', 'long-poll'])).toEqual(['long-poll'])
})

test('an answer that is the same is the same object, and with the same usage the second answer is the first', () => {
  const usages = fc.record({
    hiddenMs: fc.nat(120_000),
    messagesPerMinute: fc.nat(40),
    idleMs: fc.nat(120_000),
  })
  const some = fc.shuffledSubarray([...all], { minLength: 1 })
  fc.assert(
    fc.property(some, fc.shuffledSubarray([...all]), usages, (wished, now, usage) => {
      const first = affordableWays(wished, usage, now)
      expect(first.length).toBeGreaterThan(0)
      expect(wished).toEqual(expect.arrayContaining([...first]))
      expect(affordableWays(wished, usage, first)).toBe(first)
    }),
  )
})

test('the packets of long polls and of a WebSocket are equal where a channel begins to be busy', () => {
  const heldS = 25
  // Messages come by chance: a hold ends empty when none comes in its time.
  const longPolls = (perMinute: number) => {
    const isEmpty = Math.exp((-perMinute * heldS) / 60)
    return 2 * perMinute + 2 * perMinute * (isEmpty / (1 - isEmpty))
  }
  const webSocket = (perMinute: number) => 2 * (60 / 10 + 60 / 15) + perMinute
  expect(longPolls(20)).toBeCloseTo(webSocket(20), 1)
  expect(longPolls(10)).toBeLessThan(0.7 * webSocket(10))
})
