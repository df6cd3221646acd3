import { answerMalformed, connectionFailed } from '../problem-error.js'
import { wait } from '../time/clock.js'
import { EventStreamParser, type StreamEvent } from '../wire/event-stream.js'
import type { Link, LinkOwner } from './link.js'
import { findPlaces } from './look.js'
import type { Network } from './network.js'
import { type Asking, StreamsLink } from './streams-link.js'

/** A stream that says nothing for so long is dead, milliseconds: two of the server's heartbeats and some. */
const silenceMs = 35_000

/** Before going on after a stream that the server ended, unless it said `retry:`, milliseconds; and what that may say. */
const defaultReconnectMs = 1_000
const minReconnectMs = 250
const maxReconnectMs = 10_000

/**
 * Server-Sent Events: one response stays open, the server writes events. Read with `fetch`, which runs everywhere,
 * sends headers, and tells what went wrong. The server may end a stream by age: it is opened anew.
 *
 * @see HTML standard, "Server-sent events"
 */
export function openSse(owner: LinkOwner, network: Network): Link {
  return new StreamsLink('sse', owner, network, async (asking) => {
    while (!asking.signal.aborted) {
      if (!asking.isPlaced()) await findPlaces(asking)
      const reconnectMs = await listen(asking)
      if (reconnectMs === undefined) return
      await wait(network.clock, reconnectMs, asking.signal)
    }
  })
}

/** @returns how long to wait before the next stream, milliseconds; undefined when nothing is left to hear */
async function listen(asking: Asking): Promise<number | undefined> {
  const url = asking.url('sse')
  if (!url) return undefined
  let isEmpty = true
  let retryMs: number | undefined
  await eachEvents(asking.network, url, asking.signal, (events, parser, text) => {
    retryMs = parser.retryMs
    isEmpty = false
    asking.answered()
    for (const { data } of events) asking.received(data)
    // A heartbeat is a comment, in a chunk of its own.
    if (text.startsWith(':')) asking.lasting()
  })
  if (isEmpty) throw connectionFailed('The event stream ended before it said anything.')
  return Math.max(minReconnectMs, Math.min(retryMs ?? defaultReconnectMs, maxReconnectMs))
}

/** Reads an event stream until it ends. @throws ProblemError */
export async function eachEvents(
  network: Network,
  url: URL,
  signal: AbortSignal,
  take: (events: StreamEvent[], parser: EventStreamParser, text: string) => void,
): Promise<void> {
  const headers = { accept: 'text/event-stream' }
  const exchange = await network.start(url, { headers, signal, firstMs: network.answerMs, silenceMs })
  try {
    if (!exchange.response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw answerMalformed('The answer is no event stream.')
    }
    const parser = new EventStreamParser()
    // The parser takes the byte order mark away, as the standard has it.
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
    for await (const chunk of exchange.chunks()) {
      const text = decoder.decode(chunk, { stream: true })
      take(parser.push(text), parser, text)
    }
  } finally {
    exchange.close()
  }
}
