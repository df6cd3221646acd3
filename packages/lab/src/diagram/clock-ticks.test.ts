import { expect, test } from 'vitest'
import { formatClock } from './clock-ticks.js'

// Minutes and seconds only: hours are the visitor's own.
const atMs = Date.UTC(2026, 10, 25, 14, 5, 9, 250)

test('clock times are as exact as their steps, and short where a lane is narrow', () => {
  expect(formatClock(atMs, 1_000, false)).toMatch(/^\d\d:05:09$/)
  expect(formatClock(atMs, 1_000, true)).toBe('05:09')
  expect(formatClock(atMs, 200, false)).toBe('05:09.2')
  expect(formatClock(atMs, 50, false)).toBe('05:09.25')
  expect(formatClock(atMs, 50, true)).toBe('09.25')
})
