import { untilMsOf, type Viewport } from './viewport.js'

/** In CSS pixels, and how many of the device's make one. */
export interface DiagramSize {
  readonly widthPx: number
  readonly heightPx: number
  readonly pixelRatio: number
}

/** Sizes that follow from the width: readable on a phone, and from the back of a room. */
export interface Measures {
  readonly fontPx: number
  readonly lineHeightPx: number
  /** Labels of one side are so far apart at least. */
  readonly labelPitchPx: number
  readonly strokePx: number
  /** Above the time's beginning: the names of the two sides. */
  readonly headPx: number
  /** Below its end: room for the last label. */
  readonly footPx: number
}

export function measuresOf({ widthPx }: DiagramSize): Measures {
  const fontPx = widthPx < 300 ? 12 : widthPx < 600 ? 13 : 15
  const lineHeightPx = Math.round(fontPx * 1.3)
  return {
    fontPx,
    lineHeightPx,
    labelPitchPx: Math.round(fontPx * 1.6),
    strokePx: widthPx < 600 ? 1.5 : 2,
    headPx: lineHeightPx + 12,
    footPx: lineHeightPx + 8,
  }
}

/** How time becomes height. */
export interface TimeScale {
  /** At the upper and the lower edge of what is drawn. */
  readonly fromMs: number
  readonly untilMs: number
  readonly pixelsPerMs: number
  readonly topPx: number
  readonly bottomPx: number
}

/**
 * The lower edge is rounded to a whole pixel of the device's: while now is followed, all that is drawn moves by whole
 * pixels, so that no line shimmers and nothing needs painting more often than it moves.
 */
export function timeScaleOf(viewport: Viewport, nowMs: number, size: DiagramSize): TimeScale {
  const { headPx, footPx } = measuresOf(size)
  const heightPx = Math.max(1, size.heightPx - headPx - footPx)
  const visibleMs = viewport.visibleSeconds * 1_000
  const pixelsPerMs = heightPx / visibleMs
  const devicePixelsPerMs = pixelsPerMs * size.pixelRatio
  const lowerMs = Math.floor(untilMsOf(viewport, nowMs) * devicePixelsPerMs) / devicePixelsPerMs
  return {
    fromMs: lowerMs - visibleMs,
    untilMs: lowerMs + footPx / pixelsPerMs,
    pixelsPerMs,
    topPx: headPx,
    bottomPx: size.heightPx,
  }
}

export function yOf(scale: TimeScale, atMs: number): number {
  return scale.topPx + (atMs - scale.fromMs) * scale.pixelsPerMs
}

export function timeAt(scale: TimeScale, y: number): number {
  return scale.fromMs + (y - scale.topPx) / scale.pixelsPerMs
}
