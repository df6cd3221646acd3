import { expect, onTestFinished, test, vi } from 'vitest'
import { ManualClock } from '../../../../tests/client/support/manual-clock.js'
import { SilenceWatch, systemClock, wait } from './clock.js'

test('silence is told once, counted from what was heard last', () => {
  const clock = new ManualClock()
  let silences = 0
  const watch = new SilenceWatch(clock, 100, () => silences++)
  clock.advance(90)
  watch.heard()
  clock.advance(99)
  expect(silences).toBe(0)
  clock.advance(1)
  expect(silences).toBe(1)
  clock.advance(1000)
  expect(silences).toBe(1)
})

test('while nobody listens there is no silence; it counts anew from then on', () => {
  const clock = new ManualClock()
  let silences = 0
  const watch = new SilenceWatch(clock, 100, () => silences++)
  watch.pause()
  clock.advance(1_000)
  watch.resume()
  clock.advance(99)
  expect(silences).toBe(0)
  clock.advance(1)
  expect(silences).toBe(1)
})

test('a watch that was stopped tells nothing and leaves no timer', () => {
  const clock = new ManualClock()
  const watch = new SilenceWatch(clock, 100, () => expect.unreachable())
  watch.stop()
  expect(clock.delays).toEqual([])
})

test('a wait ends when its time is over or its signal aborts, and leaves no timer', async () => {
  const clock = new ManualClock()
  const abort = new AbortController()
  const first = wait(clock, 100, abort.signal)
  clock.advance(100)
  await first
  const second = wait(clock, 100, abort.signal)
  abort.abort()
  await second
  await wait(clock, 100, abort.signal)
  expect(clock.delays).toEqual([])
})

test('a delay that timers can not hold is cut, where it would be none', () => {
  const timer = vi.spyOn(globalThis, 'setTimeout')
  onTestFinished(() => timer.mockRestore())
  systemClock.after(2 ** 40, () => expect.unreachable())()
  expect(timer).toHaveBeenCalledWith(expect.any(Function), 2 ** 31 - 1)
})
