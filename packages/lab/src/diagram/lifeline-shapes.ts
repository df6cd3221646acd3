import type { ConnectionRecord, ExchangeRecord, Lane } from '../record/types.js'
import type { Frame } from './frame.js'
import type { LabelItem } from './label-groups.js'
import { firstNotBefore } from './server-order.js'
import type { Polygon, Rect, Shape } from './shapes.js'
import type { Colour } from './theme.js'
import { yOf } from './time-scale.js'

/** So many exchanges or connections that began before what is visible are looked at: they may still be open. */
const mostLookedBack = 1_000

/** Bars of each sort, and marks, that are drawn at most. */
const mostBars = 120

/** A request that is answered at once is not held: a speck on the lifeline would say it was. */
const leastBarPx = 1.5

const barPx = { held: 9, open: 5 } as const

/** Where an exchange stands on the server's lifeline. */
export interface HeldBar {
  readonly exchange: ExchangeRecord
  readonly fromMs: number
  readonly untilMs: number
  readonly isOver: boolean
}

export function exchangesInSight(lane: Lane, frame: Frame): readonly ExchangeRecord[] {
  return inSight(
    lane.exchanges,
    frame,
    (exchange) => exchange.requestAtMs,
    (exchange) => exchange.endedAtMs ?? Number.POSITIVE_INFINITY,
  )
}

export function connectionsInSight(lane: Lane, frame: Frame): readonly ConnectionRecord[] {
  return inSight(
    lane.connections,
    frame,
    (connection) => connection.openedAtMs,
    (connection) => connection.closedAtMs ?? Number.POSITIVE_INFINITY,
  )
}

/** The latest come first when there are too many. */
function inSight<Item>(
  items: readonly Item[],
  { scale }: Frame,
  beginOf: (item: Item) => number,
  endOf: (item: Item) => number,
): readonly Item[] {
  const found: Item[] = []
  const end = firstNotBefore(items, scale.untilMs, beginOf)
  const begin = firstNotBefore(items, scale.fromMs, beginOf)
  const least = Math.max(0, begin - mostLookedBack)
  for (let index = end - 1; index >= least && found.length < mostBars; index -= 1) {
    const item = items[index]!
    if (endOf(item) >= scale.fromMs) found.push(item)
  }
  return found
}

export function heldBars(exchanges: readonly ExchangeRecord[], nowMs: number): readonly HeldBar[] {
  return exchanges.map((exchange) => {
    const endMs = exchange.answerAtMs ?? exchange.endedAtMs
    return {
      exchange,
      fromMs: exchange.requestAtMs,
      untilMs: Math.max(endMs ?? nowMs, exchange.requestAtMs),
      isOver: endMs !== undefined,
    }
  })
}

/** A request that is held is a bar on the server's lifeline; a stream or a socket that is open is thin, on both. */
export function barShapes(bars: readonly HeldBar[], frame: Frame): readonly Shape[] {
  return bars.flatMap((bar) => {
    const { exchange } = bar
    const held = barShape(frame, frame.serverX, barPx.held, 'request', bar.fromMs, bar.untilMs)
    if (exchange.form !== 'event-stream' && exchange.form !== 'websocket') return held
    const untilMs = Math.max(exchange.endedAtMs ?? frame.nowMs, bar.untilMs)
    const colour = exchange.form === 'websocket' ? 'frame' : 'event'
    return [
      ...held,
      ...barShape(frame, frame.clientX, barPx.open, colour, bar.untilMs, untilMs),
      ...barShape(frame, frame.serverX, barPx.open, colour, bar.untilMs, untilMs),
    ]
  })
}

function barShape(
  frame: Frame,
  x: number,
  widthPx: number,
  colour: Colour,
  fromMs: number,
  untilMs: number,
): readonly Rect[] {
  const upper = Math.max(frame.scale.topPx - 4, yOf(frame.scale, fromMs))
  const lower = Math.min(frame.scale.bottomPx + 4, yOf(frame.scale, untilMs))
  const heightPx = lower - upper
  if (heightPx < leastBarPx) return []
  return [{ kind: 'rect', x: x - widthPx / 2, y: upper, widthPx, heightPx, colour, opacity: 0.55 }]
}

export function lifelines(frame: Frame): readonly Shape[] {
  const { scale, measures } = frame
  const lower = Math.min(scale.bottomPx, Math.max(scale.topPx, yOf(scale, frame.nowMs)))
  return (['client', 'server'] as const).map((colour) => {
    const x = colour === 'client' ? frame.clientX : frame.serverX
    return {
      kind: 'line',
      fromX: x,
      fromY: scale.topPx,
      toX: x,
      toY: lower,
      colour,
      widthPx: measures.strokePx,
      stroke: 'solid',
      opacity: 1,
    }
  })
}

/** A diamond where a connection opens, on both sides; a cross on the side that closes it. */
export function connectionMarks(connections: readonly ConnectionRecord[], frame: Frame): readonly Shape[] {
  return connections.flatMap((connection) => {
    const marks: Shape[] = []
    if (connection.openedAtMs >= frame.scale.fromMs) {
      const y = yOf(frame.scale, connection.openedAtMs)
      marks.push(diamond(frame.clientX, y), diamond(frame.serverX, y))
    }
    if (connection.closedAtMs !== undefined) {
      const x = connection.closedBy === 'client' ? frame.clientX : frame.serverX
      marks.push(...cross(x, yOf(frame.scale, connection.closedAtMs), frame.measures.strokePx))
    }
    return marks
  })
}

const markPx = 5

function diamond(x: number, y: number): Polygon {
  return {
    kind: 'polygon',
    points: [x, y - markPx, x + markPx, y, x, y + markPx, x - markPx, y],
    colour: 'connection',
    opacity: 1,
  }
}

function cross(x: number, y: number, strokePx: number): readonly Shape[] {
  const line = {
    kind: 'line',
    colour: 'connection',
    widthPx: strokePx + 0.5,
    stroke: 'solid',
    opacity: 1,
  } as const
  return [
    { ...line, fromX: x - markPx, fromY: y - markPx, toX: x + markPx, toY: y + markPx },
    { ...line, fromX: x - markPx, fromY: y + markPx, toX: x + markPx, toY: y - markPx },
  ]
}

/** For the labels: on the side of whoever did it. */
export function connectionItems(connections: readonly ConnectionRecord[]): readonly LabelItem[] {
  return connections.flatMap(({ port, openedAtMs, closedAtMs, closedBy }) => {
    const items: LabelItem[] = [{ atMs: openedAtMs, of: { what: 'opened', port, by: 'client' } }]
    if (closedAtMs !== undefined) {
      items.push({ atMs: closedAtMs, of: { what: 'closed', port, by: closedBy ?? 'server' } })
    }
    return items
  })
}
