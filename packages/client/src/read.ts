import { beginning, type Way } from '@tidings/protocol'
import type { ChannelAddress } from './address.js'
import type { ReadBatch } from './batch.js'
import type { Reader } from './reader.js'
import { type LongPollOptions, longPollReader } from './readers/long-poll.js'
import { type ShortPollOptions, shortPollReader } from './readers/short-poll.js'
import { type SseOptions, sseReader } from './readers/sse.js'
import { type WebSocketOptions, webSocketReader } from './readers/websocket.js'

/** The options of all four: each reader takes what concerns it. */
export interface AnyReaderOptions extends ShortPollOptions, LongPollOptions, SseOptions, WebSocketOptions {}

export interface ReadOptions extends AnyReaderOptions {
  readonly way: Way
  /** Default `-1`, the beginning. */
  readonly offset?: string
}

export const readers: Readonly<Record<Way, Reader<AnyReaderOptions>>> = {
  'short-poll': shortPollReader,
  'long-poll': longPollReader,
  sse: sseReader,
  websocket: webSocketReader,
}

/**
 * Hears a channel in one way. To go on in another, leave the loop and read again from the last `nextOffset`:
 *
 *     for await (const batch of read(address, { way: 'sse', offset })) {
 *       show(batch.messages)
 *       offset = batch.nextOffset
 *       if (enough()) break
 *     }
 *     for await (const batch of read(address, { way: 'websocket', offset })) …
 *
 * @throws ProblemError out of the iteration, as `Reader.open` says
 */
export function read(address: ChannelAddress, options: ReadOptions): AsyncIterable<ReadBatch> {
  return readers[options.way].open(address, options.offset ?? beginning, options)
}
