import { header } from '@tidings/protocol'
import { answerMalformed, connectionFailed } from '../../problem-error.js'
import { systemClock, wait } from '../../time/clock.js'
import { longestWishMs, Retry } from '../../time/retry.js'
import { type ChannelAddress, readUrl } from '../../wire/address.js'
import { EventStreamParser, EventTooLong } from '../../wire/event-stream.js'
import { type Exchange, startExchange } from '../../wire/http.js'
import { type Start, startFields } from '../../wire/start.js'
import { emptyBatch, isNews, type Position, type ReadBatch } from '../batch.js'
import { KindQuestion } from '../kind-question.js'
import { iterable } from '../lifetime.js'
import type { Reader, ReaderOptions } from '../reader.js'
import { ChannelEvents } from './channel-events.js'

export interface SseOptions extends ReaderOptions {
  /**
   * Reconnect after so long without a byte, milliseconds. Default 45,000: three of the server's heartbeats,
   * which are comments.
   */
  readonly silenceMs?: number
}

const defaultSilenceMs = 45_000

/** Before going on after a stream that the server ended, unless it said `retry:`, milliseconds. */
const defaultReconnectMs = 1_000

/**
 * Server-Sent Events: one response stays open, the server writes events. Read with `fetch`, which runs
 * everywhere, sends headers, and tells what went wrong; a plain `EventSource` works with the server too.
 *
 * @see Durable Streams §5.8; HTML standard, "Server-sent events"
 */
export const sseReader: Reader<SseOptions> = {
  way: 'sse',
  open: (address, start, options = {}) =>
    iterable(options.signal, (signal) => listen(address, start, signal, options)),
}

/** Where a reader is: what the next connection starts from. */
interface Place {
  start: Start
  cursor: string | undefined
  reconnectMs: number
}

async function* listen(
  address: ChannelAddress,
  from: Start,
  signal: AbortSignal,
  options: SseOptions,
): AsyncGenerator<ReadBatch, void, void> {
  const retry = new Retry(signal, options)
  const kind = new KindQuestion(address, signal, options)
  const place: Place = { start: from, cursor: undefined, reconnectMs: defaultReconnectMs }
  let previous: Position | undefined

  while (!signal.aborted) {
    let hasMoved = false
    try {
      for await (const batch of stream(address, place, kind, signal, options)) {
        hasMoved = true
        retry.succeeded()
        place.start = batch.nextOffset
        if (isNews(batch, previous)) yield batch
        if (batch.closed) return
        previous = batch
      }
      // Asked again at once, a server that ends every stream before it says anything would be asked in a spin.
      if (!hasMoved) throw connectionFailed('The stream ended before it told a position.')
    } catch (error) {
      if (signal.aborted) return
      await retry.afterFailure(error)
      continue
    }
    await wait(options.clock ?? systemClock, Math.min(place.reconnectMs, longestWishMs), signal)
  }
}

/** One connection, until the server ends it. */
async function* stream(
  address: ChannelAddress,
  place: Place,
  kind: KindQuestion,
  signal: AbortSignal,
  options: SseOptions,
): AsyncGenerator<ReadBatch, void, void> {
  const url = readUrl(address, { ...startFields(place.start), live: 'sse', cursor: place.cursor })
  const headers = { accept: 'text/event-stream' }
  const silenceMs = options.silenceMs ?? defaultSilenceMs
  const exchange = await startExchange(url, { headers, signal, silenceMs }, options)
  try {
    if (exchange.response.status === 204) {
      // The standard's way to tell an EventSource to stop: the channel is closed and was heard to its end.
      if (typeof place.start !== 'string') throw answerMalformed('204 to a request without an offset.')
      yield emptyBatch({ nextOffset: place.start, upToDate: true, closed: true })
      return
    }
    const isBase64 = checkHeaders(exchange.response.headers)
    const events = new ChannelEvents(isBase64 ? 'binary' : await kind.ask())
    yield* batches(exchange, events, place)
  } finally {
    exchange.close()
  }
}

async function* batches(
  exchange: Exchange,
  events: ChannelEvents,
  place: Place,
): AsyncGenerator<ReadBatch, void, void> {
  const parser = new EventStreamParser()
  // The parser takes the byte order mark away, as the standard has it.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let trouble: unknown
  try {
    for await (const chunk of exchange.chunks()) {
      for (const event of parser.push(decoder.decode(chunk, { stream: true }))) {
        const batch = events.accept(event)
        place.cursor = events.cursor
        if (batch !== undefined) yield batch
      }
      place.reconnectMs = parser.retryMs ?? place.reconnectMs
    }
  } catch (error) {
    trouble = error instanceof EventTooLong ? answerMalformed(error.message, error) : error
  }
  // A cut between data and its control: what told its own offset is heard, the rest is asked for again.
  const rest = events.rest()
  if (rest !== undefined) yield rest
  if (trouble !== undefined) throw trouble
}

/** @returns whether data comes as base64 */
function checkHeaders(headers: Headers): boolean {
  if (!headers.get('content-type')?.startsWith('text/event-stream')) {
    throw answerMalformed('The answer is no event stream.')
  }
  return headers.get(header.sseDataEncoding) === 'base64'
}
