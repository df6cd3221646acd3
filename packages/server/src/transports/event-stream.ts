import type { Ageing, Beating } from '../hub/index.js'
import type { Answer, StreamSink } from './exchange.js'
import type { Leaving, Station } from './transport.js'

/** What every event stream is sent with. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // nginx holds responses back unless it is told not to.
  'x-accel-buffering': 'no',
} as const

/** 204 is the one answer that makes an EventSource stop. @see HTML standard §9.2.2 */
export const nothingFollows: Answer = {
  status: 204,
  headers: { 'cache-control': 'no-store' },
  payloadBytes: 0,
}

/** Readers whose stream has grown old come back within this time, milliseconds: not all in the same moment. */
const movingSpreadMs = 500

/** What an event stream says beside its channels' events. */
export class EventStream implements Beating, Leaving, Ageing {
  readonly #station: Station
  readonly #sink: StreamSink
  readonly #place: () => string | undefined

  /** @param place where the reader is after all that was pushed, as an `id:` says it, where events have any */
  constructor(station: Station, sink: StreamSink, place: () => string | undefined) {
    this.#station = station
    this.#sink = sink
    this.#place = place
  }

  /** @param first what goes out with the stream's own first words */
  begin(first: readonly Uint8Array[] = []): void {
    // Spread by a fifth either way, so that readers do not all come back in the same moment.
    const retryMs = Math.round(1000 * (0.8 + 0.4 * Math.random()))
    this.#sink.push(Buffer.from(`retry:${retryMs}\n\n`))
    for (const bytes of first) this.#sink.push(bytes)
    this.#sink.flush()
    this.#station.heartbeat.add(this)
    this.#station.streams.add(this)
    this.#station.maxAge.add(this)
  }

  beat(): void {
    if (this.#sink.isBackedUp) return
    this.#sink.push(heartbeatComment)
    this.#sink.flush()
  }

  /**
   * The server is stopping: come back then. A reader that has heard nothing yet would come back to where its URL
   * says, as `offset=now`, and miss what comes until then: an `id:` without an event tells it where it is.
   */
  goAway(retryAfterMs: number): void {
    const place = this.#place()
    const id = place === undefined ? '' : `id:${place}\n`
    this.#sink.push(Buffer.from(`${id}retry:${retryAfterMs}\n\n`))
    this.end()
  }

  /** Between two events, since all that is pushed is whole events. */
  endOfAge(): void {
    this.goAway(Math.round(Math.random() * movingSpreadMs))
  }

  end(): void {
    this.stop()
    this.#sink.end()
  }

  stop(): void {
    this.#station.heartbeat.delete(this)
    this.#station.streams.delete(this)
    this.#station.maxAge.delete(this)
  }
}

const heartbeatComment = Buffer.from(':\n\n')
