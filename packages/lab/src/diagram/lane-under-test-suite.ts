import type { Way } from '@tidings/protocol'
import type { Arrow, ConnectionRecord, ExchangeRecord, Lane } from '../record/types.js'

/** A lane's record, written down by hand. Times count from `lane.startMs`. */
export class LaneUnderTest implements Lane {
  readonly startMs = Date.UTC(2026, 10, 25, 14, 0, 0)
  readonly way: Way
  readonly connections: ConnectionRecord[] = []
  readonly exchanges: ExchangeRecord[] = []
  readonly arrows: Arrow[] = []
  readonly totals = { requests: 0, emptyAnswers: 0, connections: 0, bytesUp: 0, bytesDown: 0 }

  constructor(way: Way = 'long-poll') {
    this.way = way
  }

  connect(atMs: number, port = 40_312 + this.connections.length): ConnectionRecord {
    const connection: ConnectionRecord = {
      id: this.connections.length + 1,
      port,
      openedAtMs: this.startMs + atMs,
      closedAtMs: undefined,
      closedBy: undefined,
    }
    this.connections.push(connection)
    return connection
  }

  /** A request on the latest connection, which arrives after `flightMs`. */
  ask(atMs: number, label = 'GET offset=-1', flightMs = 1): ExchangeRecord {
    const connection = this.connections.at(-1)?.id ?? 0
    const exchange: ExchangeRecord = {
      id: this.exchanges.length + 1,
      ask: this.exchanges.length + 1,
      connection,
      isReused: this.exchanges.some((earlier) => earlier.connection === connection),
      purpose: label.startsWith('POST') ? 'speak' : 'hear',
      form: undefined,
      status: undefined,
      requestAtMs: this.startMs + atMs + flightMs,
      answerAtMs: undefined,
      endedAtMs: undefined,
    }
    this.exchanges.push(exchange)
    this.arrow(atMs, { kind: 'request', from: 'client', label }, flightMs)
    return exchange
  }

  /** To the latest request; a stream or a socket stays open. */
  answer(atMs: number, label: string, form: ExchangeRecord['form'] = 'whole', isEmpty = false): Arrow {
    const exchange = this.exchanges.at(-1)
    if (exchange) {
      exchange.form = form
      exchange.status = Number.parseInt(label, 10)
      exchange.answerAtMs = this.startMs + atMs
      exchange.endedAtMs = form === 'whole' ? exchange.answerAtMs : undefined
    }
    return this.arrow(atMs, { kind: 'response', from: 'server', label, isEmpty })
  }

  arrow(atMs: number, given: Partial<Arrow>, flightMs = 1): Arrow {
    const arrow: Arrow = {
      id: `a${this.arrows.length + 1}`,
      lane: this.way,
      exchange: this.exchanges.length,
      kind: 'event',
      from: 'server',
      sentAtMs: this.startMs + atMs,
      receivedAtMs: this.startMs + atMs + flightMs,
      isGuessed: false,
      label: 'event data',
      isEmpty: false,
      messages: 1,
      byteLength: 84,
      bytes: '',
      ...given,
    }
    this.arrows.push(arrow)
    this.totals.bytesDown += arrow.byteLength
    return arrow
  }
}

/** Each way for `seconds`, as a channel with `perSecond` messages makes it look. Times are even: no chance is in it. */
export function busyLane(way: Way, seconds: number, perSecond: number): LaneUnderTest {
  const lane = new LaneUnderTest(way)
  const endMs = seconds * 1_000
  const gapMs = 1_000 / perSecond
  if (way === 'short-poll') poll(lane, endMs, gapMs)
  else if (way === 'long-poll') longPoll(lane, endMs, gapMs)
  else stream(lane, way === 'sse', endMs, gapMs)
  return lane
}

function poll(lane: LaneUnderTest, endMs: number, gapMs: number): void {
  lane.connect(200)
  let heard = 0
  for (let atMs = 201; atMs < endMs; atMs += 1_000) {
    lane.ask(atMs, `GET offset=${String(heard).padStart(10, '0')}`)
    const published = Math.floor(atMs / gapMs)
    const count = published - heard
    heard = published
    lane.answer(
      atMs + 3,
      count === 0 ? '304' : `200 ${count} message${count === 1 ? '' : 's'}`,
      'whole',
      count === 0,
    )
  }
}

function longPoll(lane: LaneUnderTest, endMs: number, gapMs: number): void {
  const holdMs = 4_000
  lane.connect(200)
  let atMs = 201
  for (let heard = 0; atMs < endMs; heard += 1) {
    lane.ask(atMs, `GET offset=${String(heard).padStart(10, '0')}`)
    const publishedMs = Math.max(atMs + 2, Math.ceil(atMs / gapMs) * gapMs)
    const isEmpty = publishedMs - atMs > holdMs
    const answerMs = isEmpty ? atMs + holdMs : publishedMs
    if (answerMs > endMs) return
    lane.answer(answerMs, isEmpty ? '204' : '200 1 message', 'whole', isEmpty)
    atMs = answerMs + 2
  }
}

function stream(lane: LaneUnderTest, isEvents: boolean, endMs: number, gapMs: number): void {
  lane.connect(200)
  lane.ask(201, isEvents ? 'GET offset=-1' : 'GET Upgrade: websocket')
  lane.answer(203, isEvents ? '200' : '101', isEvents ? 'event-stream' : 'websocket')
  if (!isEvents) lane.arrow(230, { kind: 'frame', from: 'client', label: 'text 46 bytes', messages: 0 })
  for (let atMs = Math.ceil(300 / gapMs) * gapMs; atMs < endMs; atMs += gapMs) {
    lane.arrow(atMs, isEvents ? { label: 'event data' } : { kind: 'frame', label: 'text 84 bytes' })
  }
}
