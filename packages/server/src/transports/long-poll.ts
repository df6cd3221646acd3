import { advancedCursor, currentCursor, header } from '@tidings/protocol'
import type { Delivery, Listener } from '../hub/index.js'
import { gone, messageBytesOf } from '../log/index.js'
import {
  bodyForm,
  chunkCaching,
  codableBody,
  committedHeaders,
  contentHeaders,
  endHeaders,
  maxAnswerBytes,
} from './body-form.js'
import type { Exchange, Headers } from './exchange.js'
import type { Reading, Station, Transport } from './transport.js'

/**
 * Long polling: the server holds the request until there is news or the hold time is over; the client asks
 * again at once. News that arrives while no request is open waits in the log: the next request has its offset
 * and is answered from there without being held.
 *
 *     C-> GET …?offset=17&live=long-poll
 *         … held …
 *     S-> 200 [{"cake":"ready"}]   Stream-Next-Offset: 18
 *     C-> GET …?offset=18&live=long-poll
 *         … held for `holdMs` …
 *     S-> 204                      nothing new: ask again
 *
 * An answer with messages may be shared: what follows an offset never changes, and a reader that is given it a
 * little late goes on from its end, where it is told the rest. So a cache between may hold two hundred like polls,
 * ask once, and give all of them the one answer (docs/proxies.md). An empty answer is kept by nobody: whoever got
 * it late would be blind to what had come since.
 *
 * @see Durable Streams §5.7, §10.1; RFC 6202 §2
 */
export const longPoll: Transport = {
  way: 'long-poll',

  async open(station, exchange, reading) {
    const { channel, position } = reading
    // To the end of this turn nothing can be kept between the look at the tail and `hold`.
    if (position < channel.keptTail) await answerFromLog(station, exchange, reading)
    else if (channel.isGone) throw gone(channel)
    else if (channel.keptClosed) answerEmpty(station, exchange, reading)
    else hold(station, exchange, reading)
  },
}

async function answerFromLog(station: Station, exchange: Exchange, reading: Reading): Promise<void> {
  const { channel, position } = reading
  const batches = await station.log.reader.read(channel, position, maxAnswerBytes)
  const end = batches.at(-1)?.end ?? position
  const isUpToDate = end >= channel.keptTail
  const state = { isUpToDate, isClosed: isUpToDate && channel.keptClosed }
  const headers = answerHeaders(station, reading, end, state)
  const codable = codableBody(channel, { start: position, end })
  // A cache that kept the answer asks whether it still holds.
  const known = headers.etag === undefined ? undefined : exchange.knownTag(headers.etag)
  if (known !== undefined) {
    const { 'content-type': _, ...notModified } = headers
    exchange.respond({ status: 304, headers: { ...notModified, etag: known }, codable, payloadBytes: 0 })
    return
  }
  exchange.respond({
    status: 200,
    headers: { ...headers, ...committedHeaders(batches) },
    body: bodyForm.encode(batches, { channel, ...state }),
    codable,
    payloadBytes: messageBytesOf(batches),
  })
}

function hold(station: Station, exchange: Exchange, reading: Reading): void {
  exchange.checkMayBegin()
  const { channel } = reading
  /** @returns whether it was held until now */
  const release = () => {
    clearTimeout(timer)
    station.hub.leave(channel, listener)
    return station.holds.delete(giveUp)
  }
  const giveUp = () => {
    release()
    answerEmpty(station, exchange, reading)
  }
  const listener: Listener = {
    position: reading.position,
    hear(delivery) {
      release()
      // An answer is a write like another: in its turn, of which thousands leave room for others.
      const flush = () => answerFromDelivery(station, exchange, reading, delivery)
      delivery.touched.add({ isTouched: false, flush })
    },
    removed() {
      // With its last messages, it is told of the end as well: they are its answer.
      if (release()) exchange.fail(gone(channel))
    },
  }
  const timer = setTimeout(giveUp, reading.holdMs)
  station.hub.join(channel, listener)
  station.holds.add(giveUp)
  exchange.onGone(release)
}

function answerFromDelivery(
  station: Station,
  exchange: Exchange,
  reading: Reading,
  delivery: Delivery,
): void {
  const end = delivery.batches.at(-1)?.end
  if (end === undefined) {
    answerEmpty(station, exchange, reading)
    return
  }
  exchange.respond({
    status: 200,
    headers: {
      ...answerHeaders(station, reading, end, delivery),
      ...committedHeaders(delivery.batches),
    },
    body: delivery.encoded(bodyForm),
    payloadBytes: delivery.payloadBytes,
  })
}

/** The hold time is over, or the channel is closed and nothing will come. */
function answerEmpty(station: Station, exchange: Exchange, reading: Reading): void {
  const isClosed = reading.channel.keptClosed
  const { 'content-type': _, ...headers } = answerHeaders(
    station,
    { ...reading, isRelative: true },
    reading.position,
    {
      isUpToDate: true,
      isClosed,
    },
  )
  exchange.respond({ status: 204, headers: { ...headers, 'cache-control': 'no-store' }, payloadBytes: 0 })
}

/**
 * For caches between, not for the client's own, which asks for an offset once. Long enough for all who were held
 * to be answered, short enough for a channel that was deleted.
 */
const sharedCaching = 'public, max-age=0, s-maxage=5'

function answerHeaders(
  station: Station,
  { channel, position, cursor, isRelative }: Reading,
  end: number,
  state: { isUpToDate: boolean; isClosed: boolean },
): Headers & { readonly etag?: string } {
  const now = station.now()
  return {
    ...contentHeaders(channel),
    ...endHeaders(channel, end, state),
    ...(!state.isClosed && {
      [header.cursor]: String(advancedCursor(cursor, now, Math.random()) ?? currentCursor(now)),
    }),
    ...(isRelative
      ? { 'cache-control': 'no-store' }
      : {
          ...chunkCaching(channel, { start: position, end }, state),
          ...(state.isUpToDate && { 'cache-control': sharedCaching }),
        }),
  }
}
