import type { Arrow } from '../record/types.js'
import { type ArrowPath, angleOf, arrowPath } from './arrow-shapes.js'
import { estimatedWidthPx, fitText } from './fit-text.js'
import type { Frame } from './frame.js'
import { groupLabels, isArrow, type LabelGroup, type LabelItem, labelVariants } from './label-groups.js'
import type { HeldBar } from './lifeline-shapes.js'
import { serverTimeMs } from './server-order.js'
import type { Text, TextRun } from './shapes.js'
import { yOf } from './time-scale.js'

export interface Labelled {
  /** In the server's order. */
  readonly arrows: readonly Arrow[]
  readonly notes: readonly LabelItem[]
  readonly bars: readonly HeldBar[]
  readonly selected: ArrowPath | undefined
}

type Side = 'client' | 'server'

/** A label before it is known how much width it has. `y` is that of its arrow's beginning. */
interface Place {
  readonly side: Side
  readonly y: number
  readonly angle: number
  readonly isSelected: boolean
  readonly variants: readonly (readonly TextRun[])[]
}

const gapPx = 10

/** Between a line and its label. */
const labelGapPx = 4

/** A label above a line and one below it do not touch when the lines are so near to each other. */
const touchingPx = 5

/**
 * What goes up is labelled at the client's side above its line, what comes down at the server's side below it: beside
 * a request and its answer, which stand upon each other or open like a beak, both have room. Labels of one side are
 * at least a line apart; where those of two sides come near each other they share the width.
 */
export function labelShapes(labelled: Labelled, frame: Frame): readonly Text[] {
  const client = placesOf('client', labelled, frame)
  const server = placesOf('server', labelled, frame)
  const held = heldPlaces(labelled.bars, server, frame)
  const right = [...server, ...held].sort((a, b) => a.y - b.y)
  return [...sharing(client, right, frame), ...sharing(right, client, frame)]
}

function placesOf(side: Side, { arrows, notes, selected }: Labelled, frame: Frame): readonly Place[] {
  const items: LabelItem[] = []
  for (const arrow of arrows) if (arrow.from === side) items.push({ atMs: serverTimeMs(arrow), of: arrow })
  const ofSide = notes.filter(({ of }) => !isArrow(of) && of.by === side)
  if (ofSide.length > 0) {
    items.push(...ofSide)
    items.sort((a, b) => a.atMs - b.atMs)
  }
  const { measures, scale } = frame
  const places = groupLabels(items, measures.labelPitchPx / scale.pixelsPerMs)
    .map((group) => placeOf(side, group, frame))
    .filter(({ y }) => y > scale.topPx - measures.lineHeightPx && y < scale.bottomPx + measures.lineHeightPx)
  if (selected?.arrow.from !== side) return places
  const apart = places.filter((place) => Math.abs(place.y - selected.fromY) >= measures.lineHeightPx)
  return [...apart, selectedPlace(side, selected)].sort((a, b) => a.y - b.y)
}

function placeOf(side: Side, group: LabelGroup, frame: Frame): Place {
  // The group's place is its first item's; one that joined from the block before does not move it.
  const holder = group.items.find((item) => item.atMs >= group.atMs && isArrow(item.of)) ?? group.items[0]!
  const path = isArrow(holder.of) ? arrowPath(holder.of, frame) : undefined
  return {
    side,
    y: path?.fromY ?? yOf(frame.scale, group.atMs),
    angle: path ? angleOf(path) : 0,
    isSelected: false,
    variants: labelVariants(group),
  }
}

function selectedPlace(side: Side, path: ArrowPath): Place {
  const runs = [{ text: path.arrow.label, colour: 'selected' as const }]
  return { side, y: path.fromY, angle: angleOf(path), isSelected: true, variants: [runs] }
}

const linesToSayHeld = 4

/** How long a request has been held, beside its bar, where the bar is long and the place is free. */
function heldPlaces(bars: readonly HeldBar[], server: readonly Place[], frame: Frame): readonly Place[] {
  const { scale, measures } = frame
  const lineHeightPx = measures.lineHeightPx
  const places: Place[] = []
  for (const bar of bars) {
    const upper = Math.max(yOf(scale, bar.fromMs), scale.topPx)
    const lower = yOf(scale, bar.untilMs)
    if (lower - upper < linesToSayHeld * lineHeightPx) continue
    const y = upper + lineHeightPx * 0.6
    const isTaken = [...server, ...places].some((place) => Math.abs(place.y - y) < lineHeightPx)
    if (isTaken) continue
    const seconds = (bar.untilMs - bar.fromMs) / 1_000
    const text = bar.isOver ? `held ${seconds.toFixed(1)} s` : `held, ${Math.floor(seconds)} s so far`
    const colour = 'muted'
    places.push({ side: 'server', y, angle: 0, isSelected: false, variants: [[{ text, colour }]] })
  }
  return places
}

/** @param others  those of the other side, in order of `y` */
function sharing(places: readonly Place[], others: readonly Place[], frame: Frame): readonly Text[] {
  const { fontPx, lineHeightPx } = frame.measures
  const spanPx = frame.serverX - frame.clientX - 2 * gapPx
  // No slanted label reaches further than so many lines: beyond, nothing needs to be compared.
  const farPx = 8 * lineHeightPx
  const texts: Text[] = []
  let first = 0
  for (const place of places) {
    while (first < others.length && others[first]!.y < place.y - farPx) first += 1
    let neededPx = 0
    for (let index = first; index < others.length && others[index]!.y < place.y + farPx; index += 1) {
      const other = others[index]!
      if (areSideBySide(place, other, fontPx)) neededPx = Math.max(neededPx, widthOf(other, fontPx) + gapPx)
    }
    const sharedPx = Math.max(spanPx - neededPx, (spanPx - gapPx) / 2)
    const runs = fitText(place.variants, neededPx === 0 ? spanPx : sharedPx, fontPx)
    if (runs !== undefined && runs.length > 0) texts.push(labelText(place, runs, frame))
  }
  return texts
}

/** A client's label lies above its line, a server's below, and sinks with it: do their heights overlap? */
function areSideBySide(one: Place, other: Place, fontPx: number): boolean {
  const [client, server] = one.side === 'client' ? [one, other] : [other, one]
  const sinksPx = Math.tan(Math.abs(server.angle)) * widthOf(server, fontPx)
  const apartPx = client.y - server.y
  return apartPx > touchingPx && apartPx < 2 * fontPx + 2 * labelGapPx + sinksPx
}

function widthOf({ variants }: Place, fontPx: number): number {
  return estimatedWidthPx(variants[0] ?? [], fontPx)
}

function labelText(place: Place, runs: readonly TextRun[], frame: Frame): Text {
  const { fontPx, strokePx } = frame.measures
  const fromLinePx = place.side === 'client' ? -(strokePx + labelGapPx) : fontPx * 0.8 + strokePx + labelGapPx
  const x = place.side === 'client' ? frame.clientX + gapPx : frame.serverX - gapPx
  const alongPx = (place.side === 'client' ? gapPx : -gapPx) * Math.tan(place.angle)
  return {
    kind: 'text',
    x,
    y: place.y + alongPx + fromLinePx,
    anchor: place.side === 'client' ? 'start' : 'end',
    sizePx: fontPx,
    isBold: place.isSelected,
    angle: place.angle,
    isCleared: true,
    runs,
  }
}
