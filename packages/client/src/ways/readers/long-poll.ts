import { header } from '@tidings/protocol'
import { systemClock, wait } from '../../time/clock.js'
import { Retry } from '../../time/retry.js'
import { type ChannelAddress, readUrl } from '../../wire/address.js'
import { type Answer, ask } from '../../wire/http.js'
import { type Start, startFields } from '../../wire/start.js'
import { batchFromAnswer } from '../answer-batch.js'
import { isNews, type Position, type ReadBatch } from '../batch.js'
import { iterable } from '../lifetime.js'
import type { Reader, ReaderOptions } from '../reader.js'

export interface LongPollOptions extends ReaderOptions {
  /**
   * How long a request may stay without an answer before the connection counts as dead, milliseconds.
   * Default 90,000: servers hold for up to a minute.
   */
  readonly holdSilenceMs?: number
}

const defaultHoldSilenceMs = 90_000

/**
 * From one request to the next, when the answers are empty, milliseconds. A server that holds is asked again
 * at once; one that does not (or a proxy that answers for it) must not be asked in a spin.
 */
const minEmptyRoundMs = 250

/**
 * Long polling: ask, and the server answers when there is news or its hold time is over; ask again at once.
 * What was published while no request was open is there when the next one comes, since it asks by offset.
 *
 * @see Durable Streams §5.7; RFC 6202 §2
 */
export const longPollReader: Reader<LongPollOptions> = {
  way: 'long-poll',
  open: (address, start, options = {}) =>
    iterable(options.signal, (signal) => hold(address, start, signal, options)),
}

async function* hold(
  address: ChannelAddress,
  from: Start,
  signal: AbortSignal,
  options: LongPollOptions,
): AsyncGenerator<ReadBatch, void, void> {
  const { clock = systemClock, holdSilenceMs = defaultHoldSilenceMs } = options
  const retry = new Retry(signal, options)
  let place: Start = from
  let cursor: string | undefined
  let previous: Position | undefined

  while (!signal.aborted) {
    const askedAtMs = clock.now()
    let answer: Answer
    try {
      const url = readUrl(address, { ...startFields(place), live: 'long-poll', cursor })
      answer = await ask(url, { signal, silenceMs: holdSilenceMs }, options)
      retry.succeeded()
    } catch (error) {
      if (signal.aborted) return
      await retry.afterFailure(error)
      continue
    }
    const batch = batchFromAnswer(answer)
    // A caches' token, not a position: echoed, so that they never answer us with our own last answer.
    cursor = answer.headers.get(header.cursor) ?? undefined
    place = batch.nextOffset
    if (isNews(batch, previous)) yield batch
    if (batch.closed) return
    previous = batch
    if (batch.kind === 'empty') await wait(clock, askedAtMs + minEmptyRoundMs - clock.now(), signal)
  }
}
