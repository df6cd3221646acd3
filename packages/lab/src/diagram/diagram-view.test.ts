import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Arrow } from '../record/types.js'
import { DiagramView } from './diagram-view.js'
import { busyLane, type LaneUnderTest } from './lane-under-test-suite.js'
import { SurfaceUnderTest } from './surface-under-test-suite.js'
import { lightTheme } from './theme.js'
import type { Viewport } from './viewport.js'

/** What a view asks of a canvas, 400 by 520 pixels. */
class CanvasUnderTest extends EventTarget {
  readonly surface = new SurfaceUnderTest()
  readonly style = { touchAction: '', cursor: '' }
  readonly clientWidth = 400
  readonly clientHeight = 520
  width = 0
  height = 0
  tabIndex = -1

  getContext = () => this.surface
  hasAttribute = () => false
  getBoundingClientRect = () => ({ left: 0, top: 0 })
  setPointerCapture = () => undefined

  /** @returns whether the view has taken it from the page */
  fire(type: string, properties: object): boolean {
    return !this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), properties))
  }

  press(key: string): boolean {
    return this.fire('keydown', { key, ctrlKey: false, metaKey: false, altKey: false })
  }

  wheel(deltaY: number): boolean {
    return this.fire('wheel', { deltaY, deltaMode: 0, ctrlKey: false, offsetY: 200 })
  }

  pointer(type: string, x: number, y: number, pointerType = 'mouse', pointerId = 1): void {
    this.fire(`pointer${type}`, { clientX: x, clientY: y, button: 0, pointerId, pointerType })
  }
}

const motion = { isReduced: false }

beforeEach(() => {
  motion.isReduced = false
  vi.stubGlobal('devicePixelRatio', 2)
  vi.stubGlobal('matchMedia', () => ({
    get matches() {
      return motion.isReduced
    },
  }))
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  )
})

afterEach(() => vi.unstubAllGlobals())

function view(lane: LaneUnderTest = busyLane('sse', 60, 2)) {
  const canvas = new CanvasUnderTest()
  const clock = { nowMs: lane.startMs + 30_000 }
  const selected: (Arrow | undefined)[] = []
  const viewports: Viewport[] = []
  const diagram = new DiagramView(canvas as unknown as HTMLCanvasElement, {
    lane: () => lane,
    nowMs: () => clock.nowMs,
    theme: () => lightTheme,
    onSelect: (arrow) => selected.push(arrow),
    onViewport: (viewport) => viewports.push(viewport),
  })
  diagram.draw()
  return { lane, canvas, clock, diagram, selected, viewports }
}

test('paints when something came or time has moved by a pixel, and not otherwise', () => {
  const { lane, canvas, clock, diagram } = view()
  const { surface } = canvas
  const paintings = () => {
    const before = surface.paintings
    diagram.draw()
    return surface.paintings - before
  }
  expect(surface.paintings).toBe(1)
  expect(paintings()).toBe(0)
  clock.nowMs += 200
  expect(paintings()).toBe(1)
  diagram.control({ kind: 'scroll', byMs: -12_000 })
  expect(paintings()).toBe(1)
  clock.nowMs += 5_000
  expect(paintings()).toBe(0)
  lane.arrow(35_000, {})
  expect(paintings()).toBe(1)
})

test("its bitmap has the device's pixels", () => {
  const { canvas } = view()
  expect([canvas.width, canvas.height]).toEqual([800, 1_040])
})

test('moves in steps of a quarter second for those who prefer reduced motion', () => {
  motion.isReduced = true
  const { lane, canvas, clock, diagram } = view()
  clock.nowMs = lane.startMs + 30_249
  diagram.draw()
  expect(canvas.surface.paintings).toBe(1)
  clock.nowMs = lane.startMs + 30_250
  diagram.draw()
  expect(canvas.surface.paintings).toBe(2)
})

test('a click on an arrow selects it and holds it in place, a click beside all lets go of it', () => {
  const { canvas, diagram, selected } = view()
  const path = diagram.displayList!.paths[5]!
  canvas.pointer('down', 200, path.fromY)
  canvas.pointer('up', 200, path.fromY)
  expect(selected).toEqual([path.arrow])
  expect(diagram.isFollowing).toBe(false)
  canvas.pointer('down', 200, 10)
  canvas.pointer('up', 200, 10)
  expect(selected).toEqual([path.arrow, undefined])
})

test('a drag scrolls back, and selects nothing', () => {
  const { canvas, diagram, selected, viewports } = view()
  canvas.pointer('down', 200, 100)
  canvas.pointer('move', 200, 150)
  canvas.pointer('move', 200, 200)
  canvas.pointer('up', 200, 200)
  expect(selected).toEqual([])
  expect(viewports.at(-1)).toMatchObject({ mode: 'scrolled' })
  const { pixelsPerMs } = diagram.displayList!.frame.scale
  expect(viewports.at(-1)).toHaveProperty(
    'untilMs',
    expect.closeTo(view().clock.nowMs - 100 / pixelsPerMs, 0),
  )
})

test('two fingers zoom what is held', () => {
  const { canvas, diagram } = view()
  diagram.control({ kind: 'toggle-pause' })
  canvas.pointer('down', 200, 200, 'touch', 1)
  canvas.pointer('down', 200, 300, 'touch', 2)
  canvas.pointer('move', 200, 400, 'touch', 2)
  expect(diagram.viewport.visibleSeconds).toBeCloseTo(5)
  expect(diagram.viewport.mode).toBe('paused')
})

test("a wheel turns back in time; what it can't turn is the page's", () => {
  const { canvas, diagram } = view()
  expect(canvas.wheel(100)).toBe(false)
  expect(canvas.wheel(-100)).toBe(true)
  expect(diagram.isFollowing).toBe(false)
  expect(canvas.wheel(1_000)).toBe(true)
  expect(diagram.isFollowing).toBe(true)
})

test('a finger moves the page while now is followed, and time once it is not', () => {
  const { canvas, diagram } = view()
  expect(canvas.style.touchAction).toBe('pan-y pinch-zoom')
  diagram.control({ kind: 'toggle-pause' })
  expect(canvas.style.touchAction).toBe('none')
  diagram.followNow()
  expect(canvas.style.touchAction).toBe('pan-y pinch-zoom')
})

test('arrow keys go through every arrow, also out of sight', () => {
  const { lane, canvas, diagram, selected } = view()
  expect(canvas.press('ArrowUp')).toBe(true)
  const first = lane.arrows.indexOf(selected[0]!)
  expect(first).toBeGreaterThan(10)
  for (let step = 0; step < first + 3; step += 1) {
    canvas.press('ArrowUp')
    diagram.draw()
  }
  expect(selected.at(-1)).toBe(lane.arrows[0])
  expect(diagram.displayList!.paths.some((path) => path.arrow === lane.arrows[0])).toBe(true)
  canvas.press('ArrowDown')
  expect(selected.at(-1)).toBe(lane.arrows[1])
  canvas.press('Escape')
  expect(selected.at(-1)).toBeUndefined()
})

test('is reached by the keyboard, and leaves it the keys that it has no use for', () => {
  const { canvas } = view()
  expect(canvas.tabIndex).toBe(0)
  expect(canvas.press('Tab')).toBe(false)
})

test('select marks an arrow by its id and tells nobody', () => {
  const { lane, diagram, selected } = view()
  diagram.select(lane.arrows[7]!.id)
  expect(diagram.selected).toBe(lane.arrows[7])
  diagram.select('unknown')
  expect(diagram.selected).toBeUndefined()
  expect(selected).toEqual([])
})

test('hears nothing once it is destroyed', () => {
  const { canvas, diagram, viewports } = view()
  diagram.destroy()
  expect(canvas.press(' ')).toBe(false)
  canvas.wheel(-100)
  expect(viewports).toEqual([])
})
