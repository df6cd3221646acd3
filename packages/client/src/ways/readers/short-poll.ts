import { header } from '@tidings/protocol'
import { answerMalformed } from '../../problem-error.js'
import { systemClock, wait } from '../../time/clock.js'
import { Retry } from '../../time/retry.js'
import { type ChannelAddress, readUrl } from '../../wire/address.js'
import { type Answer, answerSilenceMs, ask } from '../../wire/http.js'
import { type Start, startFields } from '../../wire/start.js'
import { batchFromAnswer } from '../answer-batch.js'
import { emptyBatch, isNews, type Position, type ReadBatch } from '../batch.js'
import { iterable } from '../lifetime.js'
import type { Reader, ReaderOptions } from '../reader.js'

export interface ShortPollOptions extends ReaderOptions {
  /** From an answer that had everything to the next request, milliseconds. Default 1,000. */
  readonly intervalMs?: number
}

const defaultIntervalMs = 1_000

/**
 * Short polling: ask, take what is new or "nothing", wait for the interval, ask again. While the server has
 * more than it sent, the next request follows at once.
 *
 * An empty answer's ETag goes back as `If-None-Match`, so that the next empty answer is a bare 304.
 *
 * @see Durable Streams §5.6, §10.1
 */
export const shortPollReader: Reader<ShortPollOptions> = {
  way: 'short-poll',
  open: (address, start, options = {}) =>
    iterable(options.signal, (signal) => poll(address, start, signal, options)),
}

async function* poll(
  address: ChannelAddress,
  from: Start,
  signal: AbortSignal,
  options: ShortPollOptions,
): AsyncGenerator<ReadBatch, void, void> {
  const { clock = systemClock, intervalMs = defaultIntervalMs } = options
  const retry = new Retry(signal, options)
  let place: Start = from
  let emptyTag: string | undefined
  let previous: Position | undefined

  while (!signal.aborted) {
    let answer: Answer
    try {
      const headers: Record<string, string> = emptyTag === undefined ? {} : { 'if-none-match': emptyTag }
      answer = await ask(
        readUrl(address, startFields(place)),
        { headers, signal, silenceMs: answerSilenceMs },
        options,
      )
      retry.succeeded()
    } catch (error) {
      if (signal.aborted) return
      await retry.afterFailure(error)
      continue
    }
    const batch = answer.status === 304 ? nothingNew(answer, place) : batchFromAnswer(answer)
    // The tag holds for the very URL that was asked: `-1` and the offset it stood for are two.
    if (batch.kind !== 'empty' || batch.nextOffset !== place) emptyTag = undefined
    else emptyTag = answer.headers.get('etag') ?? emptyTag
    place = batch.nextOffset
    if (isNews(batch, previous)) yield batch
    if (batch.closed) return
    previous = batch
    // An empty answer waits even where the server claims that there is more: it must not be asked in a spin.
    if (batch.upToDate || batch.kind === 'empty') await wait(clock, intervalMs, signal)
  }
}

function nothingNew(answer: Answer, place: Start): ReadBatch {
  if (typeof place !== 'string') throw answerMalformed('304 to a request without a tag.')
  const closed = answer.headers.get(header.closed) === 'true'
  return emptyBatch({ nextOffset: place, upToDate: true, closed })
}
