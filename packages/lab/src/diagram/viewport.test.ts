import { describe, expect, test } from 'vitest'
import {
  type Extent,
  initialViewport,
  nextViewport,
  untilMsOf,
  type Viewport,
  type ViewportInput,
  visibleSecondsLimits,
} from './viewport.js'

const extent: Extent = { earliestMs: 100_000, nowMs: 200_000 }
const following: Viewport = { mode: 'following', visibleSeconds: 10 }
const scrolled: Viewport = { mode: 'scrolled', visibleSeconds: 10, untilMs: 150_000 }
const paused: Viewport = { mode: 'paused', visibleSeconds: 10, untilMs: 150_000 }

const next = (viewport: Viewport, input: ViewportInput) => nextViewport(viewport, input, extent)

test('a diagram begins by following now, ten seconds of it', () => {
  expect(initialViewport).toEqual({ mode: 'following', visibleSeconds: 10 })
  expect(untilMsOf(initialViewport, 200_000)).toBe(200_000)
  expect(untilMsOf(initialViewport, 200_500)).toBe(200_500)
})

describe('scrolling', () => {
  test('back lets go of now, forward to now follows it again', () => {
    const back = next(following, { kind: 'scroll', byMs: -3_000 })
    expect(back).toEqual({ mode: 'scrolled', visibleSeconds: 10, untilMs: 197_000 })
    expect(next(back, { kind: 'scroll', byMs: 2_000 })).toMatchObject({ mode: 'scrolled', untilMs: 199_000 })
    expect(next(back, { kind: 'scroll', byMs: 3_000 })).toEqual(following)
  })

  test('beyond now, and before the first arrow, changes nothing: the page may scroll instead', () => {
    expect(next(following, { kind: 'scroll', byMs: 500 })).toBe(following)
    const atStart = next(scrolled, { kind: 'scroll', byMs: -1e9 })
    expect(next(atStart, { kind: 'scroll', byMs: -500 })).toBe(atStart)
  })

  test('a lane that all fits has nothing to scroll to', () => {
    expect(
      nextViewport(following, { kind: 'scroll', byMs: -500 }, { earliestMs: 199_000, nowMs: 200_000 }),
    ).toBe(following)
  })

  test('a paused diagram scrolls, also to now, and stays paused', () => {
    expect(next(paused, { kind: 'scroll', byMs: 1e9 })).toEqual({ ...paused, untilMs: 200_000 })
    expect(next(paused, { kind: 'scroll', byMs: -1_000 })).toEqual({ ...paused, untilMs: 149_000 })
  })
})

describe('zooming', () => {
  test('keeps the time under the pointer where it is', () => {
    // 148 s is a fifth above the lower edge, before and after.
    const zoomed = next(scrolled, { kind: 'zoom', factor: 2, aroundMs: 148_000 })
    expect(zoomed).toEqual({ mode: 'scrolled', visibleSeconds: 20, untilMs: 152_000 })
  })

  test('keeps the middle, without a pointer', () => {
    expect(next(paused, { kind: 'zoom', factor: 0.5, aroundMs: undefined })).toMatchObject({
      untilMs: 147_500,
    })
  })

  test('goes on following now', () => {
    expect(next(following, { kind: 'zoom', factor: 0.5, aroundMs: 196_000 })).toEqual({
      mode: 'following',
      visibleSeconds: 5,
    })
  })

  test('shows half a second at least and two minutes at most', () => {
    for (const viewport of [following, scrolled, paused]) {
      const near = next(viewport, { kind: 'zoom', factor: 1e-9, aroundMs: undefined })
      const far = next(viewport, { kind: 'zoom', factor: 1e9, aroundMs: undefined })
      expect(near.visibleSeconds).toBe(visibleSecondsLimits.least)
      expect(far.visibleSeconds).toBe(visibleSecondsLimits.most)
      expect(next(near, { kind: 'zoom', factor: 0.5, aroundMs: undefined })).toBe(near)
    }
  })
})

describe('pausing', () => {
  test('holds what is shown, and goes on with now', () => {
    expect(next(following, { kind: 'toggle-pause' })).toEqual({ ...paused, untilMs: 200_000 })
    expect(next(scrolled, { kind: 'toggle-pause' })).toEqual(paused)
    expect(next(paused, { kind: 'toggle-pause' })).toEqual(following)
  })
})

describe('going to a place', () => {
  test('to now follows from everywhere', () => {
    for (const viewport of [following, scrolled, paused])
      expect(next(viewport, { kind: 'to-now' })).toEqual(following)
  })

  test('to the start shows the first arrow, with room for its label', () => {
    for (const viewport of [following, scrolled, paused]) {
      const start = next(viewport, { kind: 'to-start' })
      const fromMs = untilMsOf(start, extent.nowMs) - 10_000
      expect(fromMs).toBeLessThan(extent.earliestMs)
      expect(fromMs).toBeGreaterThan(extent.earliestMs - 2_000)
    }
  })

  test('to show a time brings it to the middle, unless it is in sight', () => {
    expect(next(scrolled, { kind: 'show', atMs: 120_000 })).toEqual({ ...scrolled, untilMs: 125_000 })
    expect(next(scrolled, { kind: 'show', atMs: 147_000 })).toBe(scrolled)
    expect(next(following, { kind: 'show', atMs: 199_000 })).toEqual({ ...scrolled, untilMs: 200_000 })
  })
})

test('whatever is done, at random: a diagram shows no time after now, and stays within its limits', () => {
  const seed = Date.now() % 1_000_000
  const random = generator(seed)
  let viewport: Viewport = initialViewport
  let nowMs = 100_000
  for (let step = 0; step < 5_000; step += 1) {
    nowMs += random() * 50
    const atMs = 90_000 + random() * (nowMs - 80_000)
    const inputs: ViewportInput[] = [
      { kind: 'scroll', byMs: (random() - 0.5) * 30_000 },
      { kind: 'zoom', factor: 0.3 + random() * 3, aroundMs: random() < 0.5 ? undefined : atMs },
      { kind: 'toggle-pause' },
      { kind: 'to-now' },
      { kind: 'to-start' },
      { kind: 'show', atMs },
    ]
    viewport = nextViewport(viewport, inputs[Math.floor(random() * inputs.length)]!, {
      earliestMs: 100_000,
      nowMs,
    })
    const untilMs = untilMsOf(viewport, nowMs)
    expect(untilMs, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(nowMs)
    expect(untilMs, `seed ${seed}, step ${step}`).toBeGreaterThanOrEqual(100_000)
    expect(viewport.visibleSeconds).toBeGreaterThanOrEqual(visibleSecondsLimits.least)
    expect(viewport.visibleSeconds).toBeLessThanOrEqual(visibleSecondsLimits.most)
  }
})

/** A linear congruential generator (Numerical Recipes). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
