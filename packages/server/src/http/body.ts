import type { Http2ServerRequest } from 'node:http2'
import { Problem } from '@tidings/protocol'
import { ConnectionGone } from '../transports/index.js'
import type { ReadBounds } from './carriers/index.js'
import { type HttpRequest, headerText } from './http-request.js'

/**
 * The whole body of a request of HTTP/2.
 *
 * @throws Problem `message-too-large`, `server-busy`; an error when the client goes away before the end
 */
export function readBody(request: Http2ServerRequest, { maxBytes, hasRoom }: ReadBounds): Promise<Buffer> {
  if (announcedBytes(request) > maxBytes) return Promise.reject(tooLarge(maxBytes))
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    // Once it is settled nothing is listened to any more, though the listeners go only with the request.
    let isSettled = false
    const fail = (reason: Error) => {
      isSettled = true
      parts.length = 0
      reject(reason)
    }
    const gone = () => {
      if (!isSettled) fail(new ConnectionGone())
    }
    request.on('data', (part: Buffer) => {
      if (isSettled) return
      bytes += part.byteLength
      if (bytes > maxBytes) fail(tooLarge(maxBytes))
      else if (!hasRoom(part.byteLength)) fail(busy())
      else parts.push(part)
    })
    request.on('end', () => {
      // A stream of HTTP/2 that its client resets ends as well: what came of its body is not the whole.
      if (request.aborted) gone()
      if (isSettled) return
      isSettled = true
      resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, bytes))
    })
    request.on('error', gone).on('close', gone)
  })
}

/** @returns the length that the client announced, 0 when it announced none */
export function announcedBytes(request: HttpRequest): number {
  return Number(request.headers['content-length'] ?? 0)
}

export function tooLarge(maxBytes: number): Problem {
  return new Problem(
    'message-too-large',
    `A request's body has at most ${maxBytes} bytes here. Send less at once, or raise TIDINGS_MAX_BODY_BYTES.`,
  )
}

export function busy(): Problem {
  return new Problem(
    'server-busy',
    'The server holds as many bodies as it may. Send this one again a little later.',
    {
      retryAfterSeconds: 1,
    },
  )
}

/**
 * Chunked is how a body of unknown length is framed; any other transfer coding is coding, which nobody here
 * undoes. It ends the connection: who reads it another way sees the next request elsewhere.
 *
 * @throws Problem `not-implemented`
 * @see RFC 9112 §6.1
 */
export function refuseTransferCodings(request: HttpRequest): void {
  if (hasUnknownTransferCoding(request)) {
    throw new Problem(
      'not-implemented',
      'Send the body as it is: Transfer-Encoding is chunked, or not there.',
    )
  }
}

export function hasUnknownTransferCoding(request: HttpRequest): boolean {
  const coding = headerText(request, 'transfer-encoding')
  return coding !== undefined && coding.trim().toLowerCase() !== 'chunked'
}
