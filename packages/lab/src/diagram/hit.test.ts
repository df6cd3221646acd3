import { expect, test } from 'vitest'
import { arrowAt, hitTolerancePx } from './hit.js'
import { LaneUnderTest } from './lane-under-test-suite.js'
import { layoutDiagram } from './layout.js'

const size = { widthPx: 480, heightPx: 520, pixelRatio: 1 }

function laid() {
  const lane = new LaneUnderTest('sse')
  const upper = lane.arrow(4_000, {}, 1_000)
  const lower = lane.arrow(7_000, {}, 1_000)
  const nowMs = lane.startMs + 10_000
  const list = layoutDiagram({
    lane,
    viewport: { mode: 'following', visibleSeconds: 10 },
    nowMs,
    size,
    selected: undefined,
  })
  const [path] = list.paths as [(typeof list.paths)[number]]
  const middle = { x: (path.fromX + path.toX) / 2, y: (path.fromY + path.toY) / 2 }
  return { list, upper, lower, middle, path }
}

test('an arrow is found along all of its slant', () => {
  const { list, upper, lower, path } = laid()
  for (const part of [0, 0.25, 0.5, 1]) {
    const x = path.fromX + (path.toX - path.fromX) * part
    const y = path.fromY + (path.toY - path.fromY) * part
    expect(arrowAt(list, x, y, 2)).toBe(upper)
    expect(arrowAt(list, x, y + 3_000 * list.frame.scale.pixelsPerMs, 2)).toBe(lower)
  }
})

test('a finger may miss by more than a mouse', () => {
  const { list, upper, middle } = laid()
  expect(arrowAt(list, middle.x, middle.y - 19, hitTolerancePx.mouse)).toBeUndefined()
  expect(arrowAt(list, middle.x, middle.y - 19, hitTolerancePx.finger)).toBe(upper)
})

test('between two the nearer one is meant, and none far from both', () => {
  const { list, upper, lower, middle } = laid()
  const apartPx = 3_000 * list.frame.scale.pixelsPerMs
  expect(arrowAt(list, middle.x, middle.y + apartPx * 0.4, 200)).toBe(upper)
  expect(arrowAt(list, middle.x, middle.y + apartPx * 0.6, 200)).toBe(lower)
  expect(arrowAt(list, middle.x, middle.y + apartPx * 0.5, 22)).toBeUndefined()
})

test('beyond the lifelines, and in the head, there is none', () => {
  const { list, path } = laid()
  expect(arrowAt(list, path.fromX + 30, path.fromY, 22)).toBeUndefined()
  expect(arrowAt(list, path.fromX, 5, 1_000)).toBeUndefined()
})
