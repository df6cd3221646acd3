import type { TraceEvent, Way } from '@tidings/protocol'
import type { Observation } from './types.js'

type Request = Extract<TraceEvent, { kind: 'request' }>
type Traced = Extract<TraceEvent, { kind: 'request' | 'up' | 'down' }>

/** What a server would trace, for the tests. */
export class Conversation {
  readonly lane: Way
  readonly events: TraceEvent[] = []

  constructor(lane: Way) {
    this.lane = lane
  }

  opened(connection: number, atMs = 0): this {
    return this.#add({ kind: 'opened', connection, lane: this.lane, atMs, port: 50_000 + connection })
  }

  request(exchange: number, atMs: number, bytes: string, more: Partial<Request> = {}): this {
    const { lane } = this
    const connection = more.connection ?? 1
    return this.#add({
      kind: 'request',
      exchange,
      lane,
      atMs,
      bytes,
      byteLength: bytes.length,
      connection,
      isReused: false,
      ask: exchange,
      ...more,
    })
  }

  up(exchange: number, atMs: number, bytes: string, byteLength = bytes.length): this {
    return this.#add({ kind: 'up', exchange, lane: this.lane, atMs, bytes, byteLength })
  }

  down(exchange: number, atMs: number, bytes: string, byteLength = bytes.length): this {
    return this.#add({ kind: 'down', exchange, lane: this.lane, atMs, bytes, byteLength })
  }

  ended(exchange: number, atMs: number): this {
    return this.#add({ kind: 'ended', exchange, lane: this.lane, atMs })
  }

  closed(connection: number, atMs: number, by: 'client' | 'server' = 'server'): this {
    return this.#add({ kind: 'closed', connection, lane: this.lane, atMs, by })
  }

  saw(kind: Observation['kind'], ask: number, atMs: number): Observation {
    return { lane: this.lane, kind, ask, atMs }
  }

  #add(event: TraceEvent): this {
    this.events.push(event)
    return this
  }
}

/** The same bytes in other pieces: cut behind so many bytes, in turn. */
export function cutAnew(events: readonly TraceEvent[], sizes: readonly number[]): TraceEvent[] {
  let turn = 0
  return events.flatMap((event): TraceEvent[] => {
    if (event.kind !== 'request' && event.kind !== 'up' && event.kind !== 'down') return [event]
    const pieces: Traced[] = []
    for (let at = 0; at < event.bytes.length; ) {
      const size = sizes[turn++ % sizes.length] as number
      const bytes = event.bytes.slice(at, at + size)
      const isLater = at > 0 && event.kind === 'request'
      const { exchange, lane, atMs } = event
      const piece = { exchange, lane, atMs, bytes, byteLength: bytes.length }
      pieces.push(isLater ? { kind: 'up', ...piece } : { ...event, ...piece })
      at += size
    }
    return pieces
  })
}
