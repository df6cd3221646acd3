import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { ServerClock } from './server-clock.js'

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

function openClock() {
  const asked: number[] = []
  const silences: number[] = []
  let lastMs = 0
  const clock = new ServerClock({
    ask: (askedAtMs) => asked.push(askedAtMs),
    now: () => {
      lastMs += 1
      return lastMs
    },
    onSilence: (silentMs) => silences.push(silentMs),
  })
  onTestFinished(() => clock.stop())
  return { clock, asked, silences, answer: () => clock.take(asked.at(-1) as number, 100) }
}

test('it asks five times, one after another, and then every ten seconds', () => {
  const { clock, asked, answer } = openClock()
  clock.start()
  for (let count = 1; count <= 5; count++) {
    expect(asked).toHaveLength(count)
    answer()
  }
  expect(asked).toHaveLength(5)
  vi.advanceTimersByTime(9_999)
  expect(asked).toHaveLength(5)
  vi.advanceTimersByTime(1)
  expect(asked).toHaveLength(6)
  answer()
  vi.advanceTimersByTime(10_000)
  expect(asked).toHaveLength(7)
})

test('an answer to what was not asked, or a second one, changes nothing', () => {
  const { clock, asked, answer } = openClock()
  clock.start()
  expect(clock.take(-5, 1_000)).toBe(false)
  expect(clock.estimate).toBeUndefined()
  const first = asked[0] as number
  expect(answer()).toBe(true)
  const { estimate } = clock
  expect(clock.take(first, 1_000)).toBe(false)
  expect(clock.estimate).toEqual(estimate)
})

test('a server that leaves questions out but speaks is not silent, and is asked on', () => {
  const { clock, asked, silences } = openClock()
  clock.start()
  for (let count = 0; count < 20; count++) {
    vi.advanceTimersByTime(10_000)
    clock.heard()
  }
  expect(silences).toEqual([])
  expect(asked).toHaveLength(21)
  expect(clock.take(asked[0] as number, 100)).toBe(false)
  expect(clock.take(asked[20] as number, 100)).toBe(true)
})

test('a server that says nothing for half a minute is told, once', () => {
  const { clock, asked, silences } = openClock()
  clock.start()
  vi.advanceTimersByTime(29_999)
  expect(silences).toEqual([])
  vi.advanceTimersByTime(100_000)
  expect(silences).toEqual([30_000])
  expect(asked).toHaveLength(3)
})

test('a stopped clock asks no more', () => {
  const { clock, asked } = openClock()
  clock.start()
  clock.stop()
  vi.advanceTimersByTime(60_000)
  expect(asked).toHaveLength(1)
})
