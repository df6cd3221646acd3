import { messageBytesOf } from '../log/index.js'
import {
  bodyForm,
  chunkCaching,
  codableBody,
  committedHeaders,
  contentHeaders,
  endHeaders,
  maxAnswerBytes,
} from './body-form.js'
import type { Headers } from './exchange.js'
import type { Transport } from './transport.js'

/**
 * Short polling: the client asks, the server answers at once with what is new or with nothing, and the client
 * asks again after an interval of its own. Also how history is read: each answer is a chunk, and says whether
 * it reaches the tail.
 *
 *     C-> GET …?offset=17   If-None-Match: "…"
 *     S-> 304                                     nothing new: the empty answer, as small as HTTP has it
 *         … the client waits …
 *     C-> GET …?offset=17   If-None-Match: "…"
 *     S-> 200 [{"cake":"ready"}]   Stream-Next-Offset: 18
 *
 * Whole chunks of history may be cached; an answer that reaches the tail must be asked for again each time,
 * or polling would be blind for as long as a cache remembers.
 *
 * @see Durable Streams §5.6, §10.1; RFC 9110 §13.1.2, §15.4.5; RFC 6202 §1
 */
export const shortPoll: Transport = {
  way: 'short-poll',

  async open(station, exchange, { channel, position, isFromNow, isRelative }) {
    const batches = isFromNow ? [] : await station.log.reader.read(channel, position, maxAnswerBytes)
    const end = batches.at(-1)?.end ?? position
    const isUpToDate = end >= channel.keptTail
    const isClosed = isUpToDate && channel.keptClosed
    const state = { isUpToDate, isClosed }
    const chunk = chunkCaching(channel, { start: position, end }, state)
    const caching: Headers = isRelative ? { 'cache-control': 'no-store' } : chunk
    const codable = codableBody(channel, { start: position, end })

    const known = isRelative ? undefined : exchange.knownTag(chunk.etag)
    if (known !== undefined) {
      exchange.respond({ status: 304, headers: { ...caching, etag: known }, codable, payloadBytes: 0 })
      return
    }
    exchange.respond({
      status: 200,
      headers: {
        ...contentHeaders(channel),
        ...endHeaders(channel, end, state),
        ...committedHeaders(batches),
        ...caching,
      },
      body: bodyForm.encode(batches, { channel, isUpToDate, isClosed }),
      codable,
      payloadBytes: messageBytesOf(batches),
    })
  },
}
