import { committedAtHeader, header, mediaType } from '@tidings/protocol'
import type { WireForm } from '../hub/index.js'
import type { Batch, Channel } from '../log/index.js'
import type { CodableBody } from './exchange.js'

const bracketOpen = Buffer.from('[')
const bracketClose = Buffer.from(']')
const comma = Buffer.from(',')
const emptyArray = Buffer.from('[]')
const nothing = Buffer.alloc(0)

/** Payload bytes of one answer at most, unless one message alone is larger. */
export const maxAnswerBytes = 1024 * 1024

/** Messages as an HTTP body: a JSON array, or the bytes one after the other. @see Durable Streams §9.1.5 */
export const bodyForm: WireForm = {
  encode(batches, { channel }) {
    if (channel.kind !== 'json') return Buffer.concat(batches.map((batch) => batch.payload))
    if (batches.length === 0) return emptyArray
    const parts: Uint8Array[] = [bracketOpen]
    batches.forEach((batch, index) => {
      if (index > 0) parts.push(comma)
      parts.push(batch.payload)
    })
    parts.push(bracketClose)
    return Buffer.concat(parts)
  },
  atTail: ({ channel }) => (channel.kind === 'json' ? emptyArray : nothing),
}

/** What browsers would run as a page of this server's, with all that such a page may. */
const pageTypes = new Set([
  'text/html',
  'text/xml',
  'application/xml',
  'application/xhtml+xml',
  'image/svg+xml',
])

/**
 * What a body is. Whoever publishes HTML is not thereby the author of pages of this server: a browser that is
 * led to the channel shows it in a sandbox, where it runs no scripts and is of no origin.
 *
 * @see Content Security Policy 3 §6.3.2
 */
export function contentHeaders(channel: Channel) {
  const { contentType } = channel.record
  return {
    'content-type': contentType,
    ...(pageTypes.has(mediaType(contentType)) && { 'content-security-policy': 'sandbox' }),
  }
}

/** Where an answer ends, in headers. @see Durable Streams §5.6 */
export function endHeaders(channel: Channel, end: number, state: { isUpToDate: boolean; isClosed: boolean }) {
  return {
    [header.nextOffset]: channel.offsetAt(end),
    ...(state.isUpToDate && { [header.upToDate]: 'true' }),
    ...(state.isClosed && { [header.closed]: 'true' }),
  }
}

/** When the last of an answer's batches was kept, in a header; nothing when there is none. */
export function committedHeaders(batches: readonly Batch[]) {
  const last = batches.at(-1)
  return last && { [committedAtHeader]: String(last.committedAtMs) }
}

/** What never changes may be kept by any cache. @see Durable Streams §10.1 */
export const historyCaching = 'public, max-age=60, stale-while-revalidate=300'

/** A whole chunk of history may be cached; what reaches the tail is asked for again each time. */
export function chunkCaching(
  channel: Channel,
  range: { start: number; end: number },
  state: { isUpToDate: boolean; isClosed: boolean },
) {
  return {
    'cache-control': state.isUpToDate ? 'no-cache' : historyCaching,
    etag: entityTag(channel, range, state),
  }
}

/**
 * Changes when the messages do (also when their positions were filled anew, after a loss), when the answer
 * reaches the tail and when the channel is closed: each of those changes headers that a reader must not miss.
 *
 * @see Durable Streams §10.1, "ETag Usage"
 */
export function entityTag(
  channel: Channel,
  range: { start: number; end: number },
  state: { isUpToDate: boolean; isClosed: boolean },
): string {
  const mark = state.isClosed ? ':c' : state.isUpToDate ? ':t' : ''
  return `"${channel.history}:${range.start}:${range.end}${mark}"`
}

/**
 * A part of a channel, as a body that may be coded: what lies between two positions of a history never changes.
 * Nothing is as it is for everybody.
 */
export function codableBody(
  channel: Channel,
  { start, end }: { start: number; end: number },
): CodableBody | undefined {
  if (start === end) return undefined
  return { name: `${channel.history}:${start}:${end}`, contentType: channel.record.contentType }
}
