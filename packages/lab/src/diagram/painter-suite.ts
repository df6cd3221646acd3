import { describe, expect, test } from 'vitest'
import { LaneUnderTest } from './lane-under-test-suite.js'
import { type DisplayList, layoutDiagram } from './layout.js'
import type { Shape, Text } from './shapes.js'
import { lightTheme, type Theme } from './theme.js'
import { initialViewport } from './viewport.js'

/** What has come out of a painter, in the words that all of them share. */
export interface Painted {
  readonly lines: readonly {
    readonly colour: string
    readonly dashes: readonly number[]
    readonly opacity: number
  }[]
  readonly polygons: readonly {
    readonly colour: string
    readonly points: readonly number[]
    readonly opacity: number
  }[]
  readonly rects: readonly { readonly colour: string; readonly opacity: number }[]
  /** Each run of it. */
  readonly texts: readonly { readonly text: string; readonly colour: string; readonly isBold: boolean }[]
  /** How many texts are cleared of what lies below. */
  readonly cleared: number
  /** Radians, of each text that is turned. */
  readonly angles: readonly number[]
}

const size = { widthPx: 300, heightPx: 200, pixelRatio: 1 }

/** Of nothing but these shapes. */
export function listOf(...shapes: Shape[]): DisplayList {
  const lane = new LaneUnderTest()
  const empty = layoutDiagram({
    lane,
    viewport: initialViewport,
    nowMs: lane.startMs,
    size,
    selected: undefined,
  })
  return { ...empty, shapes }
}

export const someText: Text = {
  kind: 'text',
  x: 10,
  y: 20,
  anchor: 'start',
  sizePx: 13,
  isBold: false,
  angle: 0,
  isCleared: false,
  runs: [{ text: 'GET', colour: 'request' }],
}

const line = {
  kind: 'line',
  fromX: 1,
  fromY: 2,
  toX: 30,
  toY: 40,
  colour: 'event',
  widthPx: 2,
  opacity: 1,
} as const

export function describePainter(name: string, paint: (list: DisplayList, theme: Theme) => Painted): void {
  const painted = (...shapes: Shape[]) => paint(listOf(...shapes), lightTheme)
  const { colours } = lightTheme

  describe(name, () => {
    test('paints the background first', () => {
      expect(painted().rects).toEqual([{ colour: colours.background, opacity: 1 }])
    })

    test('paints lines solid, dashed and dotted, by their width', () => {
      const { lines } = painted(
        { ...line, stroke: 'dashed' },
        { ...line, stroke: 'solid', colour: 'request', opacity: 0.5 },
        { ...line, stroke: 'dotted' },
      )
      expect(lines).toEqual([
        { colour: colours.event, dashes: [8, 6], opacity: 1 },
        { colour: colours.request, dashes: [], opacity: 0.5 },
        { colour: colours.event, dashes: [2, 5], opacity: 1 },
      ])
    })

    test('fills polygons, and rectangles as far as they are opaque', () => {
      const { polygons, rects } = painted(
        { kind: 'polygon', points: [0, 0, 5, 5, 0, 5], colour: 'frame', opacity: 0.5 },
        { kind: 'rect', x: 1, y: 2, widthPx: 3, heightPx: 4, colour: 'request', opacity: 0.5 },
        { kind: 'rect', x: 1, y: 2, widthPx: 3, heightPx: 4, colour: 'event', opacity: 1 },
      )
      expect(polygons).toEqual([{ colour: colours.frame, points: [0, 0, 5, 5, 0, 5], opacity: 0.5 }])
      expect(rects.slice(1)).toEqual([
        { colour: colours.request, opacity: 0.5 },
        { colour: colours.event, opacity: 1 },
      ])
    })

    test('writes each run of a text in its colour, cleared, bold and turned as it says', () => {
      const runs = [
        { text: '304 ×2', colour: 'empty' },
        { text: ', 200', colour: 'response' },
      ] as const
      const { texts, cleared, angles } = painted(someText, {
        ...someText,
        runs,
        isBold: true,
        isCleared: true,
        angle: 0.25,
      })
      expect(texts).toEqual([
        { text: 'GET', colour: colours.request, isBold: false },
        { text: '304 ×2', colour: colours.empty, isBold: true },
        { text: ', 200', colour: colours.response, isBold: true },
      ])
      expect(cleared).toBe(1)
      expect(angles.map((angle) => Number(angle.toFixed(3)))).toEqual([0.25])
    })

    test('paints a whole lane', () => {
      const lane = new LaneUnderTest()
      lane.connect(1_000)
      lane.ask(1_001)
      lane.answer(4_000, '204', 'whole', true)
      const nowMs = lane.startMs + 8_000
      const list = layoutDiagram({ lane, viewport: initialViewport, nowMs, size, selected: undefined })
      const { texts, polygons } = paint(list, lightTheme)
      expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(['client', 'server', '204']))
      expect(polygons.length).toBe(list.shapes.filter((shape) => shape.kind === 'polygon').length)
    })
  })
}
