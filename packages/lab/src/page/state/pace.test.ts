import { expect, test } from 'vitest'
import { Pace, type PaceClock } from './pace.js'

/** A clock that goes on by hand. */
class HandClock implements PaceClock {
  #nowMs = 0
  #timers = new Map<number, { callback: () => void; atMs: number }>()
  #next = 1

  nowMs() {
    return this.#nowMs
  }

  setTimer(callback: () => void, ms: number) {
    this.#timers.set(this.#next, { callback, atMs: this.#nowMs + ms })
    return this.#next++
  }

  clearTimer(timer: number) {
    this.#timers.delete(timer)
  }

  goOn(ms: number) {
    this.#nowMs += ms
    for (const [timer, { callback, atMs }] of this.#timers) {
      if (atMs > this.#nowMs) continue
      this.#timers.delete(timer)
      callback()
    }
  }
}

function begin() {
  const clock = new HandClock()
  const times: number[] = []
  return { clock, times, pace: new Pace(250, () => times.push(clock.nowMs()), clock) }
}

test('the first request is heard at once, and a hundred in a second make five', () => {
  const { clock, times, pace } = begin()
  for (let count = 0; count <= 100; count += 1) {
    pace.request()
    clock.goOn(10)
  }
  expect(times).toEqual([0, 250, 500, 750, 1_000])
})

test('the last request is not lost', () => {
  const { clock, times, pace } = begin()
  pace.request()
  clock.goOn(20)
  pace.request()
  clock.goOn(1_000)
  expect(times).toEqual([0, 1_020])
  clock.goOn(1_000)
  expect(times).toHaveLength(2)
})

test('after a stop nothing happens', () => {
  const { clock, times, pace } = begin()
  pace.request()
  pace.request()
  pace.stop()
  clock.goOn(1_000)
  expect(times).toEqual([0])
})
