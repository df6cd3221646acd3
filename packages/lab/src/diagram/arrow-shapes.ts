import type { Arrow } from '../record/types.js'
import type { Frame } from './frame.js'
import { colourOf } from './label-groups.js'
import type { Line, Polygon, Shape, Stroke } from './shapes.js'
import type { Colour } from './theme.js'
import { yOf } from './time-scale.js'

/** From where it was sent to where it arrived. */
export interface ArrowPath {
  readonly arrow: Arrow
  readonly fromX: number
  readonly fromY: number
  readonly toX: number
  readonly toY: number
}

/** A request and its answer a millisecond later would lie upon each other: both keep to their side of the time. */
const besidePx = 1.25

export function arrowPath(arrow: Arrow, frame: Frame): ArrowPath {
  const isUp = arrow.from === 'client'
  const asidePx = isUp ? -besidePx : besidePx
  return {
    arrow,
    fromX: isUp ? frame.clientX : frame.serverX,
    fromY: yOf(frame.scale, arrow.sentAtMs) + asidePx,
    toX: isUp ? frame.serverX : frame.clientX,
    toY: yOf(frame.scale, arrow.receivedAtMs) + asidePx,
  }
}

/** Ascending clockwise: text along the path, read from left to right. */
export function angleOf({ fromX, fromY, toX, toY }: ArrowPath): number {
  const angle = fromX < toX ? Math.atan2(toY - fromY, toX - fromX) : Math.atan2(fromY - toY, fromX - toX)
  // Less than a pixel's rise per hundred is level: text that is turned by so little only looks blurred.
  return Math.abs(angle) < 0.01 ? 0 : angle
}

/** Nearer than so much to both of its neighbours of one direction, an arrow is drawn fainter. */
const crowdedPx = 14
const leastStrength = 0.3

/** How strongly each arrow is drawn, 0 to 1: a stream of hundreds is a calm surface, a lone one stands out of it. */
export function strengthsOf(paths: readonly ArrowPath[]): readonly number[] {
  const above = new Array<number>(paths.length).fill(Number.POSITIVE_INFINITY)
  const below = [...above]
  const latest: Record<Arrow['from'], number | undefined> = { client: undefined, server: undefined }
  paths.forEach((path, index) => {
    const before = latest[path.arrow.from]
    latest[path.arrow.from] = index
    if (before === undefined) return
    above[index] = Math.abs(path.fromY - paths[before]!.fromY)
    below[before] = above[index]!
  })
  return above.map((gapPx, index) => {
    const freePx = Math.max(gapPx, below[index]!)
    return Math.min(1, Math.max(leastStrength, freePx / crowdedPx))
  })
}

export function selectedArrowShapes(path: ArrowPath, frame: Frame): readonly Shape[] {
  return shapesOf(path, 'selected', frame.measures.strokePx * 2, 1)
}

/** The line, dotted towards the client's end where that time is a guess (the server's is never one), and its head. */
export function arrowShapes(path: ArrowPath, frame: Frame, strength: number): readonly Shape[] {
  return shapesOf(path, colourOf(path.arrow), frame.measures.strokePx, strength)
}

function shapesOf(path: ArrowPath, colour: Colour, widthPx: number, opacity: number): readonly Shape[] {
  const { arrow } = path
  const stroke = arrow.isEmpty ? 'dashed' : 'solid'
  const part = (from: number, until: number, style: Stroke): Line => ({
    kind: 'line',
    fromX: along(path.fromX, path.toX, from),
    fromY: along(path.fromY, path.toY, from),
    toX: along(path.fromX, path.toX, until),
    toY: along(path.fromY, path.toY, until),
    colour,
    widthPx,
    stroke: style,
    opacity,
  })
  if (!arrow.isGuessed) return [part(0, 1, stroke), head(path, colour, widthPx, opacity)]
  const isUp = arrow.from === 'client'
  const dotted = isUp ? part(0, 0.3, 'dotted') : part(0.7, 1, 'dotted')
  const seen = isUp ? part(0.3, 1, stroke) : part(0, 0.7, stroke)
  return [dotted, seen, head(path, colour, widthPx, opacity)]
}

function along(from: number, to: number, part: number): number {
  return from + (to - from) * part
}

const headLengthPx = 7
const headHalfWidthPx = 3.5

function head(
  { fromX, fromY, toX, toY }: ArrowPath,
  colour: Colour,
  widthPx: number,
  opacity: number,
): Polygon {
  const lengthPx = Math.hypot(toX - fromX, toY - fromY) || 1
  const stepX = (toX - fromX) / lengthPx
  const stepY = (toY - fromY) / lengthPx
  const long = headLengthPx + widthPx
  const half = headHalfWidthPx + widthPx / 2
  const baseX = toX - stepX * long
  const baseY = toY - stepY * long
  return {
    kind: 'polygon',
    points: [
      toX,
      toY,
      baseX - stepY * half,
      baseY + stepX * half,
      baseX + stepY * half,
      baseY - stepX * half,
    ],
    colour,
    opacity,
  }
}
