import { type TraceEvent, type Way, ways } from '@tidings/protocol'
import { ExchangeReader, type GrowingExchange } from './exchange-reader.js'
import { LaneRecord } from './lane-record.js'
import type { ClockEstimate, ConnectionRecord, Lane, Observation } from './types.js'

type Request = Extract<TraceEvent, { kind: 'request' }>

/** An estimate that moves by less changes nothing that can be seen, milliseconds. */
const seenOffsetMs = 0.1

/**
 * What happened in a run: what the server traced on its sockets, joined with what the page saw of its own requests.
 * Either may come first. Does work for what comes, and never for what is there, but when the clocks are known better.
 */
export class RunRecord {
  #clock: ClockEstimate | undefined
  readonly #lanes: Readonly<Record<Way, LaneRecord>>
  /** Exchanges under way, by their number. As many as the lanes hold records of. */
  readonly #readers = new Map<number, ExchangeReader>()

  constructor() {
    const lane = (way: Way) => new LaneRecord(way, () => this.#clock)
    this.#lanes = Object.fromEntries(ways.map((way) => [way, lane(way)])) as Record<Way, LaneRecord>
  }

  /** Grows with each change of any lane. */
  get version(): number {
    return ways.reduce((sum, way) => sum + this.#lanes[way].version, 0)
  }

  versionOf(way: Way): number {
    return this.#lanes[way].version
  }

  /** The live record: the same object each time, whose lists grow. */
  lane(way: Way): Lane {
    return this.#lanes[way]
  }

  useClock(estimate: ClockEstimate): void {
    const before = this.#clock
    this.#clock = estimate
    const isSeen =
      before === undefined ||
      Math.abs(before.offsetMs - estimate.offsetMs) > seenOffsetMs ||
      Math.abs(before.errorMs - estimate.errorMs) > seenOffsetMs
    if (isSeen) for (const way of ways) this.#lanes[way].retime()
  }

  take(events: readonly TraceEvent[]): void {
    for (const event of events) {
      this.#take(event)
      this.#lanes[event.lane].version += 1
    }
  }

  observe({ lane: way, ask, kind, atMs }: Observation): void {
    // The exchange's own end is the server's to tell.
    if (kind === 'ended') return
    const lane = this.#lanes[way]
    lane.joinOf(ask)[kind].addTime(atMs)
    lane.version += 1
  }

  #take(event: TraceEvent): void {
    const lane = this.#lanes[event.lane]
    switch (event.kind) {
      case 'opened':
        lane.totals.connections += 1
        lane.addConnection(connectionOf(event))
        return
      case 'request':
        lane.totals.requests += 1
        lane.totals.bytesUp += event.byteLength
        this.#begin(lane, event).take(event)
        return
      case 'up':
        lane.totals.bytesUp += event.byteLength
        this.#readers.get(event.exchange)?.take(event)
        return
      case 'down':
        lane.totals.bytesDown += event.byteLength
        this.#readers.get(event.exchange)?.take(event)
        return
      case 'ended':
        this.#end(event.exchange, event.atMs)
        return
      case 'closed':
        this.#close(lane, event)
        return
    }
  }

  #begin(lane: LaneRecord, event: Request): ExchangeReader {
    const record: GrowingExchange = {
      id: event.exchange,
      ask: event.ask,
      connection: event.connection,
      isReused: event.isReused,
      purpose: event.bytes.startsWith('POST ') ? 'speak' : 'hear',
      form: undefined,
      status: undefined,
      requestAtMs: event.atMs,
      answerAtMs: undefined,
      endedAtMs: undefined,
    }
    const letGo = lane.addExchange(record)
    if (letGo !== undefined) this.#readers.delete(letGo.id)
    const reader = new ExchangeReader(lane, record)
    this.#readers.set(event.exchange, reader)
    return reader
  }

  #end(exchange: number, atMs: number): void {
    this.#readers.get(exchange)?.end(atMs)
    this.#readers.delete(exchange)
  }

  #close(lane: LaneRecord, event: Extract<TraceEvent, { kind: 'closed' }>): void {
    for (const { record } of this.#readers.values()) {
      if (record.connection === event.connection) this.#end(record.id, event.atMs)
    }
    const connection = lane.connections.findLast(({ id }) => id === event.connection)
    if (connection === undefined) return
    connection.closedAtMs = event.atMs
    connection.closedBy = event.by
  }
}

function connectionOf({ connection, port, atMs }: Extract<TraceEvent, { kind: 'opened' }>): ConnectionRecord {
  return { id: connection, port, openedAtMs: atMs, closedAtMs: undefined, closedBy: undefined }
}
