import type { Colour } from './theme.js'

/** What is to be painted, first what lies below. Lengths and places are CSS pixels from the upper left corner. */
export type Shape = Line | Polygon | Rect | Text

export interface Line {
  readonly kind: 'line'
  readonly fromX: number
  readonly fromY: number
  readonly toX: number
  readonly toY: number
  readonly colour: Colour
  readonly widthPx: number
  readonly stroke: Stroke
  /** 0 to 1. */
  readonly opacity: number
}

export type Stroke = 'solid' | 'dashed' | 'dotted'

/** Filled: an arrow's head, a mark on a lifeline. */
export interface Polygon {
  readonly kind: 'polygon'
  /** x and y by turns. */
  readonly points: readonly number[]
  readonly colour: Colour
  /** 0 to 1. */
  readonly opacity: number
}

export interface Rect {
  readonly kind: 'rect'
  readonly x: number
  readonly y: number
  readonly widthPx: number
  readonly heightPx: number
  readonly colour: Colour
  /** 0 to 1. */
  readonly opacity: number
}

export interface Text {
  readonly kind: 'text'
  readonly x: number
  /** Of the base line. */
  readonly y: number
  readonly anchor: 'start' | 'middle' | 'end'
  readonly sizePx: number
  readonly isBold: boolean
  /** Clockwise around the anchor, radians. */
  readonly angle: number
  /** Keeps clear of what lies below it, which is painted over in the background's colour. */
  readonly isCleared: boolean
  readonly runs: readonly TextRun[]
}

/** Text of one colour; the next run follows it directly. */
export interface TextRun {
  readonly text: string
  readonly colour: Colour
}

/** The patterns of `Stroke`, in line widths. */
export const dashPatterns: Readonly<Record<Stroke, readonly number[]>> = {
  solid: [],
  dashed: [4, 3],
  dotted: [1, 2.5],
}

export function plainText(text: Text): string {
  return text.runs.map((run) => run.text).join('')
}
