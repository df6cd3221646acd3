import type { DiagramSize, Measures, TimeScale } from './time-scale.js'
import { measuresOf, timeScaleOf } from './time-scale.js'
import type { Viewport } from './viewport.js'

/** The places of one picture. */
export interface Frame {
  readonly scale: TimeScale
  readonly measures: Measures
  readonly nowMs: number
  readonly widthPx: number
  readonly isNarrow: boolean
  readonly clientX: number
  readonly serverX: number
}

const narrowPx = 420

export function frameOf(viewport: Viewport, nowMs: number, size: DiagramSize): Frame {
  const measures = measuresOf(size)
  const isNarrow = size.widthPx < narrowPx
  const clockCharacters = isNarrow ? 5 : 8
  return {
    scale: timeScaleOf(viewport, nowMs, size),
    measures,
    nowMs,
    widthPx: size.widthPx,
    isNarrow,
    clientX: Math.round(6 + clockCharacters * clockFontPx(measures) * 0.58 + 14) + 0.5,
    serverX: Math.round(size.widthPx - 18) + 0.5,
  }
}

export function clockFontPx({ fontPx }: Measures): number {
  return fontPx - 2
}
