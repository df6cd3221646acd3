import { advancedCursor, type ChannelKind, currentCursor, header } from '@tidings/protocol'
import { type Beating, type EncodingContext, Subscriber, type WireForm } from '../hub/index.js'
import type { Batch } from '../log/index.js'
import type { StreamSink } from './exchange.js'
import type { Leaving, Station, Transport } from './transport.js'

/**
 * Server-Sent Events: one response stays open and the server writes events. The client can not talk back on
 * it: it POSTs over another request, on a connection that is reused.
 *
 *     C-> GET …?offset=17&live=sse
 *     S-> 200 text/event-stream
 *     S-> retry:1043
 *     S-> id:…18  event: data  data:[{"cake":"ready"}]
 *     S-> event: control       data:{"streamNextOffset":"…18","streamCursor":"…","upToDate":true}
 *     S-> :                                       heartbeat, a comment
 *
 * A plain `EventSource` comes back by itself with the last `id:` it saw, as `Last-Event-ID`. It stands on the
 * data event and before everything else there, so that a connection cut between data and control repeats
 * nothing.
 *
 * @see HTML standard §9.2; Durable Streams §5.8, §10.2; RFC 6202 §4
 */
export const sse: Transport = {
  way: 'sse',

  async open(station, exchange, reading) {
    const { channel, position, isReconnect, cursor, hasPlainEvents } = reading
    // Plain events have no word for the end: a page that starts there is told in this way too.
    if ((isReconnect || hasPlainEvents) && channel.keptClosed && position >= channel.keptTail) {
      // 204 is the one answer that makes an EventSource stop. @see HTML standard §9.2.2
      exchange.respond({ status: 204, headers: { 'cache-control': 'no-store' }, payloadBytes: 0 })
      return
    }
    await station.log.reader.checkStart(channel, position)
    const sink = exchange.stream(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      // nginx holds responses back unless it is told not to.
      'x-accel-buffering': 'no',
      ...(channel.kind === 'binary' && { [header.sseDataEncoding]: 'base64' }),
    })
    const stream = new EventStream(station, sink)
    const subscriber = new Subscriber({
      log: station.log,
      hub: station.hub,
      channel,
      position,
      sink,
      form: hasPlainEvents ? plainEventForm : formFor(cursor, station.now),
      onPayload: (bytes) => exchange.countPayload(bytes),
      onEnd: () => stream.end(),
    })
    stream.begin()
    subscriber.start()
    // Last: for a client that is gone already, this calls back at once.
    exchange.onGone(() => {
      subscriber.stop()
      stream.stop()
    })
  },
}

/** What an event stream says beside the channel's events. */
class EventStream implements Beating, Leaving {
  readonly #station: Station
  readonly #sink: StreamSink

  constructor(station: Station, sink: StreamSink) {
    this.#station = station
    this.#sink = sink
  }

  begin(): void {
    // Spread by a fifth either way, so that readers do not all come back in the same moment.
    const retryMs = Math.round(1000 * (0.8 + 0.4 * Math.random()))
    this.#sink.push(Buffer.from(`retry:${retryMs}\n\n`))
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

/** The form that all readers share, except those whose cache token is not behind the present one. */
function formFor(echoed: string | null, now: () => number): WireForm {
  const own = advancedCursor(echoed, now(), Math.random())
  return own === undefined ? sharedForm : eventForm(() => own)
}

function eventForm(cursor: () => number): WireForm {
  return {
    // A pair of events for each batch, not for all together: a batch fits what clients take in one event.
    encode(batches, context) {
      const last = batches.length - 1
      const pairs = batches.map((batch, index) => {
        const state = index === last ? context : { ...context, isUpToDate: false, isClosed: false }
        return dataEvent(batch, context) + controlEvent(batch.nextOffset, cursor(), state)
      })
      return Buffer.from(pairs.join('') || controlEvent(context.channel.nextOffset, cursor(), context))
    },
    atTail: (context) => Buffer.from(controlEvent(context.channel.nextOffset, cursor(), context)),
  }
}

const sharedForm = eventForm(() => currentCursor(Date.now()))

/**
 * One unnamed event per message, each with the offset after it: what a page's `onmessage` takes. At the tail
 * stands an offset without an event, which the page does not see: should the connection be cut before a message
 * has come, the browser goes on from there and misses nothing.
 */
const plainEventForm: WireForm = {
  encode(batches, { channel }) {
    const events: string[] = []
    for (const batch of batches) {
      for (let index = 0; index < batch.messageCount; index++) {
        const text = textOf(batch.message(index), channel.kind)
        events.push(`id:${batch.offsetAfter(index)}\n${dataLines(text)}\n`)
      }
    }
    return Buffer.from(events.join(''))
  },
  atTail: ({ channel }) => Buffer.from(`id:${channel.nextOffset}\n\n`),
}

function dataEvent(batch: Batch, { channel }: EncodingContext): string {
  const text = textOf(batch.payload, channel.kind)
  const data = channel.kind === 'json' ? `[${text}]` : text
  return `id:${batch.nextOffset}\nevent: data\n${dataLines(data)}\n`
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array, kind: ChannelKind): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString(kind === 'binary' ? 'base64' : 'utf8')
}

/**
 * Every line of the text behind its own `data:`. A line break of any kind becomes the standard's one kind; a
 * first space is doubled, since parsers take one off.
 */
function dataLines(text: string): string {
  let lines = ''
  for (const line of text.split(/\r\n|\r|\n/)) lines += `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`
  return lines
}

/** The suite matches this to the letter: nothing between the two lines, no space after `data:`, a flat object. */
function controlEvent(offset: string, cursor: number, { isUpToDate, isClosed }: EncodingContext): string {
  const control = isClosed
    ? { streamNextOffset: offset, upToDate: true, streamClosed: true }
    : { streamNextOffset: offset, streamCursor: String(cursor), ...(isUpToDate && { upToDate: true }) }
  return `event: control\ndata:${JSON.stringify(control)}\n\n`
}
