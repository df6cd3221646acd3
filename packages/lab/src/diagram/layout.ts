import type { Arrow, Lane } from '../record/types.js'
import { type ArrowPath, arrowPath, arrowShapes, selectedArrowShapes, strengthsOf } from './arrow-shapes.js'
import { clockTicks } from './clock-ticks.js'
import { crowdShapes } from './crowd-shapes.js'
import { clockFontPx, type Frame, frameOf } from './frame.js'
import { groupingLeadMs } from './label-groups.js'
import { labelShapes } from './label-shapes.js'
import {
  barShapes,
  connectionItems,
  connectionMarks,
  connectionsInSight,
  exchangesInSight,
  heldBars,
  lifelines,
} from './lifeline-shapes.js'
import type { Shape, Text } from './shapes.js'
import type { Colour } from './theme.js'
import type { DiagramSize } from './time-scale.js'
import type { Viewport } from './viewport.js'
import { isInSight, visibleArrows } from './visible-arrows.js'

export interface DiagramScene {
  readonly lane: Lane
  readonly viewport: Viewport
  /** By the server's clock. */
  readonly nowMs: number
  readonly size: DiagramSize
  readonly selected: Arrow | undefined
}

export interface DisplayList {
  readonly size: DiagramSize
  readonly frame: Frame
  /** What lies below first; at most 2,000: those of 300 arrows, 120 bars and 120 connections, and their labels. */
  readonly shapes: readonly Shape[]
  /** Of the arrows that are drawn, for finding the one at a point. */
  readonly paths: readonly ArrowPath[]
  /** Some arrows in sight are not drawn; a note among the shapes says so. */
  readonly isThinned: boolean
}

/** Lays out what is visible of a lane: of each direction at most one arrow per bin of 4 pixels or more. */
export function layoutDiagram(scene: DiagramScene): DisplayList {
  const { lane, selected, size } = scene
  const frame = frameOf(scene.viewport, scene.nowMs, size)
  const lineMs = frame.measures.labelPitchPx / frame.scale.pixelsPerMs
  const visible = visibleArrows(lane.arrows, frame.scale, groupingLeadMs(lineMs))
  const connections = connectionsInSight(lane, frame)
  const bars = heldBars(exchangesInSight(lane, frame), frame.nowMs)
  const paths = visible.drawn.map((arrow) => arrowPath(arrow, frame))
  const strengths = strengthsOf(paths)
  const chosen = selected && isInSight(selected, frame.scale) ? arrowPath(selected, frame) : undefined

  const shapes: Shape[] = [...gridShapes(frame), ...lifelines(frame), ...barShapes(bars, frame)]
  shapes.push(...connectionMarks(connections, frame))
  paths.forEach((path, index) => {
    if (path.arrow.id !== selected?.id) shapes.push(...arrowShapes(path, frame, strengths[index] ?? 1))
  })
  if (visible.all === undefined) shapes.push(...crowdShapes(lane.arrows, frame))
  else
    shapes.push(
      ...labelShapes(
        { arrows: visible.all, notes: connectionItems(connections), bars, selected: chosen },
        frame,
      ),
    )
  if (chosen) shapes.push(...selectedArrowShapes(chosen, frame))
  shapes.push(...headShapes(frame))
  if (visible.isThinned) shapes.push(thinnedNote(frame))
  if (lane.arrows.length === 0) shapes.push(emptyNote(frame))
  return { size, frame, shapes, paths, isThinned: visible.isThinned }
}

/** Clock times along the left edge, each with a faint line. */
function gridShapes(frame: Frame): readonly Shape[] {
  const fontPx = clockFontPx(frame.measures)
  return clockTicks(frame.scale, frame.measures, frame.isNarrow).flatMap(({ y, text }) => [
    {
      kind: 'line',
      fromX: frame.clientX,
      fromY: y,
      toX: frame.serverX,
      toY: y,
      colour: 'grid',
      widthPx: 1,
      stroke: 'solid',
      opacity: 1,
    } as const,
    { ...note(text, 'muted', fontPx), x: 6, y: y + fontPx * 0.35, isCleared: false },
  ])
}

/** Covers what has moved out at the top, and names the sides. */
function headShapes(frame: Frame): readonly Shape[] {
  const { topPx } = frame.scale
  const { fontPx } = frame.measures
  const y = topPx - 8
  const name = (text: 'client' | 'server') => ({
    ...note(text, text, fontPx),
    y,
    isBold: true,
    isCleared: false,
  })
  return [
    { kind: 'rect', x: 0, y: 0, widthPx: frame.widthPx, heightPx: topPx, colour: 'background', opacity: 1 },
    { ...name('client'), x: frame.clientX, anchor: 'middle' },
    { ...name('server'), x: frame.widthPx - 6, anchor: 'end' },
  ]
}

function thinnedNote(frame: Frame): Text {
  const text = frame.isNarrow ? 'not every arrow is drawn' : 'not every arrow is drawn: zoom in'
  return {
    ...note(text, 'muted', clockFontPx(frame.measures)),
    x: frame.serverX - 12,
    y: frame.scale.bottomPx - 7,
    anchor: 'end',
  }
}

function emptyNote(frame: Frame): Text {
  return {
    ...note('nothing yet', 'muted', frame.measures.fontPx),
    x: (frame.clientX + frame.serverX) / 2,
    y: (frame.scale.topPx + frame.scale.bottomPx) / 2,
    anchor: 'middle',
  }
}

function note(text: string, colour: Colour, sizePx: number): Text {
  return {
    kind: 'text',
    x: 0,
    y: 0,
    anchor: 'start',
    sizePx,
    isBold: false,
    angle: 0,
    isCleared: true,
    runs: [{ text, colour }],
  }
}
