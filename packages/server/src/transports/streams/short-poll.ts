import type { Headers } from '../exchange.js'
import { envelopesAnswer, gather } from './gathering.js'
import { withPlaces } from './places.js'
import type { StreamsTransport } from './streams-transport.js'

/**
 * Short polling of several channels: the answer is a JSON array of envelopes, and channels without news are not
 * in it.
 *
 *     C-> GET /v1/streams?stream=cake@…17&stream=tea@…4
 *     S-> 200 [{"type":"data","channel":"cake","messages":[{"cake":"ready"}],"nextOffset":"…18",…}]
 *         … the client waits …
 *     C-> GET /v1/streams?stream=cake@…18&stream=tea@…4
 *     S-> 200 []   ETag: "…"
 *     C-> GET …    If-None-Match: "…"
 *     S-> 304                              nothing new: the empty answer, as small as HTTP has it
 *
 * It joins what several channels hold: no cache may give it without asking.
 *
 * @see RFC 9110 §13.1.2, §15.4.5
 */
export const streamsByShortPoll: StreamsTransport = {
  way: 'short-poll',

  async open(station, exchange, { streams, withOffsets }) {
    await withPlaces(station, exchange, streams, async (outcomes) => {
      const { envelopes, payloadBytes, etag } = await gather(station, exchange, outcomes, withOffsets)
      const caching: Headers =
        etag === undefined ? { 'cache-control': 'no-store' } : { 'cache-control': 'no-cache', etag }
      const known = etag === undefined ? undefined : exchange.knownTag(etag)
      if (known !== undefined) {
        exchange.respond({ status: 304, headers: { ...caching, etag: known }, payloadBytes: 0 })
      } else exchange.respond(envelopesAnswer(envelopes, payloadBytes, caching))
    })
  },
}
