import { advancedCursor, type ChannelKind, currentCursor, header } from '@tidings/protocol'
import { type EncodingContext, Subscriber, type WireForm } from '../hub/index.js'
import type { Batch, Channel } from '../log/index.js'
import { dataLines } from './data-lines.js'
import { EventStream, eventStreamHeaders, nothingFollows } from './event-stream.js'
import type { Transport } from './transport.js'

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
      exchange.respond(nothingFollows)
      return
    }
    await station.log.reader.checkStart(channel, position)
    const sink = exchange.stream(200, {
      ...eventStreamHeaders,
      ...(channel.kind === 'binary' && { [header.sseDataEncoding]: 'base64' }),
    })
    const stream = new EventStream(station, sink, () => channel.offsetAt(subscriber.position))
    const subscriber: Subscriber = new Subscriber({
      log: station.log,
      hub: station.hub,
      channel,
      position,
      sink,
      form: hasPlainEvents ? plainEventForm : formFor(cursor, station.now),
      owner: { pushed: (bytes) => exchange.countPayload(bytes), ended: () => stream.end() },
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
        return dataEvent(batch, context) + controlEvent(batch, cursor(), state)
      })
      return Buffer.from(pairs.join('') || controlEvent(context.channel, cursor(), context))
    },
    atTail: (context) =>
      Buffer.from(place(context.channel) + controlEvent(context.channel, cursor(), context)),
  }
}

const sharedForm = eventForm(() => currentCursor(Date.now()))

/** One unnamed event per message, each with the offset after it: what a page's `onmessage` takes. */
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
  atTail: ({ channel }) => Buffer.from(place(channel)),
}

/**
 * An offset without an event, which a page does not see. Should the connection be cut before a message has come,
 * a browser goes on from there and misses nothing; and where the channel is closed, it comes back with it, is
 * answered 204, and stops.
 */
function place({ nextOffset }: Channel): string {
  return `id:${nextOffset}\n\n`
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
 * The suite matches this to the letter: nothing between the two lines, no space after `data:`, a flat object.
 *
 * @param at the batch that it follows, or the channel when it follows none
 */
function controlEvent(
  at: { readonly nextOffset: string; readonly committedAtMs?: number },
  cursor: number,
  { isUpToDate, isClosed }: EncodingContext,
): string {
  const { nextOffset, committedAtMs } = at
  const control = {
    streamNextOffset: nextOffset,
    ...(isClosed
      ? { upToDate: true, streamClosed: true }
      : { streamCursor: String(cursor), ...(isUpToDate && { upToDate: true }) }),
    ...(committedAtMs !== undefined && { committedAt: committedAtMs }),
  }
  return `event: control\ndata:${JSON.stringify(control)}\n\n`
}
