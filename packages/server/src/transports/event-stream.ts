import type { Beating } from '../hub/index.js'
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

/** What an event stream says beside its channels' events. */
export class EventStream implements Beating, Leaving {
  readonly #station: Station
  readonly #sink: StreamSink

  constructor(station: Station, sink: StreamSink) {
    this.#station = station
    this.#sink = sink
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
  }

  beat(): void {
    if (this.#sink.isBackedUp) return
    this.#sink.push(heartbeatComment)
    this.#sink.flush()
  }

  /** The server is stopping: come back then. */
  goAway(retryAfterMs: number): void {
    this.#sink.push(Buffer.from(`retry:${retryAfterMs}\n\n`))
    this.end()
  }

  end(): void {
    this.stop()
    this.#sink.end()
  }

  stop(): void {
    this.#station.heartbeat.delete(this)
    this.#station.streams.delete(this)
  }
}

const heartbeatComment = Buffer.from(':\n\n')

/**
 * Every line of the text behind its own `data:`. A line break of any kind becomes the standard's one kind; a
 * first space is doubled, since parsers take one off.
 */
export function dataLines(text: string): string {
  let lines = ''
  for (const line of text.split(/\r\n|\r|\n/)) lines += `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`
  return lines
}
