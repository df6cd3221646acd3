import { expect, test } from 'vitest'
import type { Arrow } from '../record/types.js'
import { busyLane, LaneUnderTest } from './lane-under-test-suite.js'
import { indexOfArrow } from './server-order.js'
import { timeScaleOf } from './time-scale.js'
import { mostBins, visibleArrows } from './visible-arrows.js'

const size = { widthPx: 360, heightPx: 520, pixelRatio: 1 }

function scaleAt(untilMs: number, visibleSeconds = 10) {
  return timeScaleOf({ mode: 'scrolled', visibleSeconds, untilMs }, untilMs, size)
}

test('only what is visible is looked at, however long the record', () => {
  const lane = busyLane('sse', 600, 100)
  let reads = 0
  const watched = new Proxy(lane.arrows, {
    get(arrows, property, receiver) {
      if (typeof property === 'string' && /^\d+$/.test(property)) reads += 1
      return Reflect.get(arrows, property, receiver)
    },
  })
  visibleArrows(watched, scaleAt(lane.startMs + 300_000), 0)
  expect(reads).toBeLessThan(2_200)
  reads = 0
  visibleArrows(watched, scaleAt(lane.startMs + 300_000, 120), 0)
  expect(reads).toBeLessThan(4_000)
})

test('an arrow that begins above and ends in sight is drawn, one that ends above is not', () => {
  const lane = new LaneUnderTest()
  const scale = scaleAt(lane.startMs + 20_000)
  lane.arrow(9_000, {}, 500)
  const entering = lane.arrow(9_700, {}, 500)
  const inside = lane.arrow(15_000, {})
  expect(visibleArrows(lane.arrows, scale, 0).drawn).toEqual([entering, inside])
})

test('at most one arrow of each direction is drawn per bin, and it is said', () => {
  const lane = busyLane('sse', 60, 100)
  for (const visibleSeconds of [10, 60]) {
    const { drawn, isThinned } = visibleArrows(lane.arrows, scaleAt(lane.startMs + 60_000, visibleSeconds), 0)
    expect(drawn.length).toBeGreaterThan(50)
    expect(drawn.length).toBeLessThanOrEqual(2 * mostBins + 20)
    expect(isThinned).toBe(true)
  }
  expect(visibleArrows(busyLane('sse', 60, 1).arrows, scaleAt(lane.startMs + 60_000), 0).isThinned).toBe(
    false,
  )
})

test('of arrows that fall together one that brings something is drawn, and both directions are', () => {
  const lane = new LaneUnderTest()
  lane.ask(15_000)
  lane.arrow(15_001, { isEmpty: true })
  const message = lane.arrow(15_002, {})
  const { drawn } = visibleArrows(lane.arrows, scaleAt(lane.startMs + 20_000), 0)
  expect(drawn).toEqual([lane.arrows[0], message])
})

test.each([10, 60])(
  'an arrow that is drawn stays drawn while time goes on (%i seconds visible)',
  (visibleSeconds) => {
    const lane = busyLane('websocket', 60, 90)
    const drawnAt = (untilMs: number) =>
      visibleArrows(lane.arrows, scaleAt(lane.startMs + untilMs, visibleSeconds), 0).drawn
    const before = drawnAt(55_000)
    const after = new Set(drawnAt(56_000))
    const isWellInside = (arrow: Arrow) =>
      arrow.sentAtMs > lane.startMs + 57_000 - visibleSeconds * 1_000 &&
      arrow.sentAtMs < lane.startMs + 54_000
    const inside = before.filter(isWellInside)
    expect(inside.length).toBeGreaterThan(20)
    for (const arrow of inside) expect(after.has(arrow), arrow.id).toBe(true)
  },
)

test('an arrow is found by its time, also among others of the same time, and not once it is gone', () => {
  const lane = new LaneUnderTest()
  const [first, second, third] = [lane.arrow(5, {}), lane.arrow(5, {}), lane.arrow(9, {})]
  expect([first, second, third].map((arrow) => indexOfArrow(lane.arrows, arrow))).toEqual([0, 1, 2])
  expect(indexOfArrow(lane.arrows.slice(1), first)).toBeUndefined()
})
