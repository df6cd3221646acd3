import type { IncomingMessage } from 'node:http'
import {
  isLiveMode,
  type LiveMode,
  type OffsetRequest,
  Problem,
  parseOffset,
  subprotocol,
} from '@tidings/protocol'
import type { Channel, Log } from '../log/index.js'
import type { Reading } from '../transports/index.js'

/** @throws Problem `live-unknown` */
export function liveMode(query: URLSearchParams): LiveMode | undefined {
  const live = query.get('live')
  if (live === null) return undefined
  if (query.getAll('live').length === 1 && isLiveMode(live)) return live
  throw new Problem('live-unknown', '"live" is long-poll, sse or websocket, or absent for an answer at once.')
}

/**
 * What a GET wants to hear, and from where.
 *
 * @throws Problem `offset-missing`, `offset-malformed`, `history-changed`
 */
export function readingOf(
  request: IncomingMessage,
  query: URLSearchParams,
  live: LiveMode | undefined,
  at: { log: Log; channel: Channel },
): Reading {
  const lastEventId = live === 'sse' ? headerText(request, 'last-event-id') : undefined
  const wanted = lastEventId ? offsetOf(lastEventId) : queryOffset(query, live)
  return {
    channel: at.channel,
    position: at.log.resolve(at.channel, wanted),
    isFromNow: wanted.at === 'now',
    isReconnect: Boolean(lastEventId),
    cursor: query.get('cursor'),
    ifNoneMatch: request.headers['if-none-match'],
    subprotocols: offeredSubprotocols(request),
  }
}

function queryOffset(query: URLSearchParams, live: LiveMode | undefined): OffsetRequest {
  const offsets = query.getAll('offset')
  if (offsets.length > 1) throw new Problem('offset-malformed', 'Send one offset.')
  const [text] = offsets
  if (text !== undefined) return offsetOf(text)
  if (live === undefined) return { at: 'beginning' }
  if (live === 'websocket') return { at: 'now' }
  throw new Problem(
    'offset-missing',
    `live=${live} needs an offset: one that this server gave out, -1 or now.`,
  )
}

function offsetOf(text: string): OffsetRequest {
  const offset = parseOffset(text)
  if (offset) return offset
  throw new Problem('offset-malformed', 'Send an offset that this server gave out, -1 or now.')
}

/** Whether a WebSocket offers the envelopes. @see RFC 6455 §4.1, Sec-WebSocket-Protocol */
export function offeredSubprotocols(request: IncomingMessage): string[] {
  const offered = headerText(request, 'sec-websocket-protocol') ?? ''
  return offered
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name === subprotocol)
}

export function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
