import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MaxAge } from './max-age.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function memberIn(ended: string[], name: string) {
  return { endOfAge: () => ended.push(name) }
}

test('each is ended once, when its own time is over, in the order in which they came', () => {
  const ages = new MaxAge({ maxAgeMs: 1_000 })
  const ended: string[] = []
  ages.add(memberIn(ended, 'first'))
  vi.advanceTimersByTime(400)
  ages.add(memberIn(ended, 'second'))
  vi.advanceTimersByTime(599)
  expect(ended).toEqual([])
  vi.advanceTimersByTime(1)
  expect(ended).toEqual(['first'])
  vi.advanceTimersByTime(400)
  expect(ended).toEqual(['first', 'second'])
  vi.advanceTimersByTime(10_000)
  expect(ended).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('one that has left is not ended, and one that comes after all have gone is', () => {
  const ages = new MaxAge({ maxAgeMs: 1_000 })
  const ended: string[] = []
  const leaver = memberIn(ended, 'leaver')
  ages.add(leaver)
  ages.delete(leaver)
  vi.advanceTimersByTime(5_000)
  ages.add(memberIn(ended, 'late'))
  vi.advanceTimersByTime(1_000)
  expect(ended).toEqual(['late'])
})

test('thousands that are due at once have one timer, and are ended in several turns', () => {
  const ages = new MaxAge({ maxAgeMs: 1_000 })
  const ended: string[] = []
  for (let index = 0; index < 2_000; index++) ages.add(memberIn(ended, String(index)))
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersToNextTimer()
  expect(ended).toHaveLength(500)
  vi.advanceTimersByTime(100)
  expect(ended).toEqual(Array.from({ length: 2_000 }, (_, index) => String(index)))
})

test('without an age nobody is ended, and no timer runs', () => {
  const ages = new MaxAge({ maxAgeMs: 0 })
  ages.add(memberIn([], 'one'))
  expect(vi.getTimerCount()).toBe(0)
})

test('after the stop nobody is ended', () => {
  const ages = new MaxAge({ maxAgeMs: 1_000 })
  const ended: string[] = []
  ages.add(memberIn(ended, 'one'))
  ages.stop()
  vi.advanceTimersByTime(5_000)
  expect(ended).toEqual([])
})
