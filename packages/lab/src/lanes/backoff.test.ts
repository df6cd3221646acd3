import { expect, test } from 'vitest'
import { Backoff } from './backoff.js'

test('waits double from a quarter of a second to ten seconds, and begin anew after a success', () => {
  const backoff = new Backoff(() => 1)
  const waits = Array.from({ length: 8 }, () => backoff.failed())
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  backoff.succeeded()
  expect(backoff.failed()).toBe(250)
})

test('a wait lies anywhere below its limit', () => {
  const draws = [0, 0.5]
  const backoff = new Backoff(() => draws.shift() ?? 0)
  expect([backoff.failed(), backoff.failed()]).toEqual([0, 250])
})
