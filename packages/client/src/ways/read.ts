import { beginning, type Way } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import type { ChannelAddress } from '../wire/address.js'
import type { Start } from '../wire/start.js'
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
  /** Where to start; default `-1`, the beginning. One of `offset`, `last` and `since`. */
  readonly offset?: string
  /** The last so many messages, and on. */
  readonly last?: number
  /** What was kept since this time (a text: RFC 3339), and on. */
  readonly since?: Date | string
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
 * @throws ProblemError out of the iteration, as `Reader.open` says; `start-ambiguous` at once
 */
export function read(address: ChannelAddress, options: ReadOptions): AsyncIterable<ReadBatch> {
  return readers[options.way].open(address, startOf(options), options)
}

function startOf({ offset, last, since }: ReadOptions): Start {
  const starts: Start[] = []
  if (offset !== undefined) starts.push(offset)
  if (last !== undefined) starts.push({ last })
  if (since !== undefined) starts.push({ since })
  const [start = beginning, another] = starts
  if (another === undefined) return start
  throw new ProblemError('start-ambiguous', 'Give one of offset, last and since.')
}
