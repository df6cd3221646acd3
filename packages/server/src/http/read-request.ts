import {
  isLiveMode,
  type LiveMode,
  type OffsetRequest,
  offsetOf,
  Problem,
  parseLast,
  parseStart,
  subprotocol,
  type WrittenOffset,
} from '@tidings/protocol'
import type { Reading, TransportSettings } from '../transports/index.js'
import { type HttpRequest, headerText } from './http-request.js'

/** @throws Problem `live-unknown` */
export function liveMode(query: URLSearchParams): LiveMode | undefined {
  const live = query.get('live')
  if (live === null) return undefined
  if (query.getAll('live').length === 1 && isLiveMode(live)) return live
  throw new Problem('live-unknown', '"live" is long-poll, sse or websocket, or absent for an answer at once.')
}

/** What a GET asks for, before anybody looks for its channel. */
export interface AskedReading extends Omit<Reading, 'channel' | 'position'> {
  readonly start: OffsetRequest
}

/**
 * What a GET wants to hear, and from where.
 *
 * @throws Problem `offset-missing`, `offset-malformed`, `start-ambiguous`, `events-unknown`, `timeout-invalid`
 */
export function askedReadingOf(
  request: HttpRequest,
  query: URLSearchParams,
  live: LiveMode | undefined,
  settings: TransportSettings,
): AskedReading {
  const lastEventId = live === 'sse' ? headerText(request, 'last-event-id') : undefined
  const start = lastEventId ? offsetOf(lastEventId) : startOf(query, live)
  return {
    start,
    isFromNow: start.at === 'now',
    isRelative: start.at === 'now' || start.at === 'last' || start.at === 'since',
    isReconnect: Boolean(lastEventId),
    hasPlainEvents: hasPlainEvents(query, live),
    holdMs: holdMsOf(query, settings.longPollMs),
    cursor: query.get('cursor'),
    subprotocols: offeredSubprotocols(request),
  }
}

function startOf(query: URLSearchParams, live: LiveMode | undefined): OffsetRequest {
  const start = parseStart({
    offset: single(query, 'offset'),
    last: single(query, 'last'),
    since: single(query, 'since'),
  })
  if (start) return start
  if (live === undefined) return { at: 'beginning' }
  if (live === 'websocket') return { at: 'now' }
  throw new Problem(
    'offset-missing',
    `live=${live} needs a place to start: offset (one that this server gave out, -1 or now), last or since.`,
  )
}

/** A page backwards: the last messages before an offset. */
export interface PageBefore {
  readonly before: WrittenOffset
  readonly last: number
}

/**
 * @returns undefined when the query asks for no page backwards
 * @throws Problem `offset-malformed`, `start-ambiguous`
 */
export function pageBefore(query: URLSearchParams, live: LiveMode | undefined): PageBefore | undefined {
  const before = single(query, 'before')
  if (before === undefined) return undefined
  const last = single(query, 'last')
  if (live !== undefined || query.has('offset') || query.has('since') || last === undefined) {
    throw new Problem(
      'start-ambiguous',
      '"before" goes with "last" alone: the last messages before an offset, at once.',
    )
  }
  return { before: offsetOf(before), last: parseLast(last) }
}

/**
 * How long a long poll is held: as the client asks, and never longer than the server says.
 *
 * @returns milliseconds
 * @throws Problem `timeout-invalid`
 * @see Durable Streams §5.7, which leaves `timeout` to servers
 */
export function holdMsOf(query: URLSearchParams, longPollMs: number): number {
  const text = single(query, 'timeout')
  if (text === undefined) return longPollMs
  if (/^\d{1,5}$/.test(text)) return Math.min(Number(text) * 1000, longPollMs)
  throw new Problem('timeout-invalid', '"timeout" is a whole number of seconds: how long a poll may be held.')
}

/** @throws Problem `offset-malformed` when it is sent more than once */
export function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) throw new Problem('offset-malformed', `Send "${name}" once.`)
  return values[0]
}

/** @throws Problem `events-unknown` */
function hasPlainEvents(query: URLSearchParams, live: LiveMode | undefined): boolean {
  const events = single(query, 'events')
  if (events === undefined) return false
  if (events === 'message' && live === 'sse') return true
  throw new Problem(
    'events-unknown',
    '"events" goes with live=sse, and is "message" (one unnamed event per message) or absent.',
  )
}

/** Whether a WebSocket offers the envelopes. @see RFC 6455 §4.1, Sec-WebSocket-Protocol */
export function offeredSubprotocols(request: HttpRequest): string[] {
  const offered = headerText(request, 'sec-websocket-protocol') ?? ''
  return offered
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name === subprotocol)
}
