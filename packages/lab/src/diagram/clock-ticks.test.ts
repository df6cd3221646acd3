import { expect, test } from 'vitest'
import { clockTicks, formatClock } from './clock-ticks.js'
import { measuresOf, timeScaleOf } from './time-scale.js'

// Minutes and seconds only: hours are the visitor's own.
const atMs = Date.UTC(2026, 10, 25, 14, 5, 9, 250)

test('clock times are as exact as their steps, and short where a lane is narrow', () => {
  expect(formatClock(atMs, 1_000, false)).toMatch(/^\d\d:05:09$/)
  expect(formatClock(atMs, 1_000, true)).toBe('05:09')
  expect(formatClock(atMs, 200, false)).toBe('05:09.2')
  expect(formatClock(atMs, 50, false)).toBe('05:09.25')
  expect(formatClock(atMs, 50, true)).toBe('09.25')
})

test('no clock time is half hidden by the head', () => {
  const size = { widthPx: 480, heightPx: 520, pixelRatio: 1 }
  const measures = measuresOf(size)
  for (let aheadMs = 0; aheadMs < 2_000; aheadMs += 50) {
    const scale = timeScaleOf({ mode: 'following', visibleSeconds: 10 }, atMs + aheadMs, size)
    const [first] = clockTicks(scale, measures, false)
    expect(first!.y).toBeGreaterThan(scale.topPx + measures.fontPx / 2)
  }
})
