import type { ChannelKind, Way } from '@tidings/protocol'
import type { RetryOptions } from '../time/retry.js'
import type { ChannelAddress } from '../wire/address.js'
import type { HttpOptions } from '../wire/http.js'
import type { Start } from '../wire/start.js'
import type { ReadBatch } from './batch.js'

/** What all four readers take. */
export interface ReaderOptions extends HttpOptions, RetryOptions {
  /** Ends the reading: the iteration returns (it does not throw) and the connection is freed at once. */
  readonly signal?: AbortSignal
  /**
   * What the channel carries. SSE and WebSocket do not tell JSON from text, so their readers ask with one
   * HEAD request when this is not given.
   */
  readonly kind?: ChannelKind
}

/**
 * One of the four ways to hear a channel. All give the same batches in the same order, so that one may be
 * left and another opened with the last `nextOffset`: nothing is lost, nothing comes twice.
 */
export interface Reader<Options extends ReaderOptions = ReaderOptions> {
  readonly way: Way
  /**
   * Nothing is sent before the first `next()`; each iteration starts from `start` anew. A reader
   * reconnects by itself, from where it is, after transient trouble. The first batch may be empty: it tells
   * the position.
   *
   * @param start `-1` (the beginning), `now` (the tail), a `nextOffset` from before, `{ last }` or `{ since }`
   * @throws ProblemError out of the iteration, when asking again can not help: `channel-unknown`,
   * `history-changed`, `offset-gone`, …
   */
  open(address: ChannelAddress, start: Start, options?: Options): AsyncIterable<ReadBatch>
}
