import type { FieldLine, RequestHead, ResponseHead } from './head.js'
import { fieldOf } from './head.js'

/** What follows a head, and where it ends. @see RFC 9112 §6.3 */
export type BodyFraming =
  | { readonly is: 'none' }
  | { readonly is: 'length'; readonly byteLength: number }
  | { readonly is: 'chunked' }
  /** The connection's end is the body's. */
  | { readonly is: 'until the end' }
  /** @see RFC 6455 §5 */
  | { readonly is: 'frames' }

export function requestFraming(head: RequestHead): BodyFraming {
  if (isWebSocket(head)) return { is: 'frames' }
  return announcedFraming(head) ?? { is: 'none' }
}

/** @param method of the request that it answers */
export function responseFraming(head: ResponseHead, method: string | undefined): BodyFraming {
  if (head.status === 101) return { is: 'frames' }
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) {
    return { is: 'none' }
  }
  return announcedFraming(head) ?? { is: 'until the end' }
}

export function isEventStream(head: ResponseHead): boolean {
  return (fieldOf(head, 'content-type') ?? '').toLowerCase().startsWith('text/event-stream')
}

export function isWebSocket(head: RequestHead): boolean {
  return (fieldOf(head, 'upgrade') ?? '').toLowerCase() === 'websocket'
}

function announcedFraming(head: { readonly fields: readonly FieldLine[] }): BodyFraming | undefined {
  const coding = fieldOf(head, 'transfer-encoding')
  if (coding !== undefined) return /\bchunked$/i.test(coding) ? { is: 'chunked' } : { is: 'until the end' }
  const length = fieldOf(head, 'content-length')
  if (length !== undefined && /^\d{1,15}$/.test(length)) return { is: 'length', byteLength: Number(length) }
  return undefined
}
