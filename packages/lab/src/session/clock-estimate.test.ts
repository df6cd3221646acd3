import { expect, test } from 'vitest'
import { ClockSamples } from './clock-estimate.js'

test('before the first round trip there is no estimate', () => {
  expect(new ClockSamples().estimate).toBeUndefined()
})

test('the offset is to the middle of the round trip, and wrong by at most half of it', () => {
  const samples = new ClockSamples()
  samples.take(1_000, 6_007, 1_010)
  expect(samples.estimate).toEqual({ offsetMs: 5_002, errorMs: 5 })
})

test('the quickest round trip wins, and of equally quick ones the latest', () => {
  const samples = new ClockSamples()
  samples.take(0, 100, 40)
  samples.take(100, 152, 104)
  samples.take(200, 300, 240)
  expect(samples.estimate).toEqual({ offsetMs: 50, errorMs: 2 })
  samples.take(300, 353, 304)
  expect(samples.estimate).toEqual({ offsetMs: 51, errorMs: 2 })
})

test('a quick round trip counts for eight, and not for ever', () => {
  const samples = new ClockSamples()
  samples.take(0, 51, 2)
  for (let count = 1; count <= 7; count++) samples.take(count * 100, count * 100 + 70, count * 100 + 20)
  expect(samples.estimate).toEqual({ offsetMs: 50, errorMs: 1 })
  samples.take(800, 870, 820)
  expect(samples.estimate).toEqual({ offsetMs: 60, errorMs: 10 })
})

test('a clock that was set back within a round trip makes no negative error', () => {
  const samples = new ClockSamples()
  samples.take(100, 100, 90)
  expect(samples.estimate?.errorMs).toBe(0)
})

test.each([0, 3, 250])('the true offset lies within the error, with %i ms on the way back', (backMs) => {
  const samples = new ClockSamples()
  const trueOffsetMs = -12_345
  const forthMs = 8
  samples.take(1_000, 1_000 + forthMs + trueOffsetMs, 1_000 + forthMs + backMs)
  const { offsetMs, errorMs } = samples.estimate ?? { offsetMs: Number.NaN, errorMs: 0 }
  expect(Math.abs(offsetMs - trueOffsetMs)).toBeLessThanOrEqual(errorMs)
})
