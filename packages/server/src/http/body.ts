import type { IncomingMessage } from 'node:http'
import { Problem } from '@tidings/protocol'
import { ConnectionGone } from '../transports/index.js'
import { passBytes, passMs } from './end-gently.js'
import type { HttpRequest } from './http-request.js'

/**
 * The whole body.
 *
 * @param maxBytes a longer one is refused as soon as that is known: by its announced length, or on the way
 * @param hasRoom  asked for each part that arrives; says no when the bodies of all requests hold too much
 * @throws Problem `message-too-large`, `server-busy`; an error when the client goes away before the end
 */
export function readBody(
  request: HttpRequest,
  maxBytes: number,
  hasRoom: (bytes: number) => boolean,
): Promise<Buffer> {
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

function tooLarge(maxBytes: number): Problem {
  return new Problem(
    'message-too-large',
    `A request's body has at most ${maxBytes} bytes here. Send less at once, or raise TIDINGS_MAX_BODY_BYTES.`,
  )
}

function busy(): Problem {
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

export function hasUnknownTransferCoding({ headers }: HttpRequest): boolean {
  const coding = headers['transfer-encoding']
  return coding !== undefined && coding.trim().toLowerCase() !== 'chunked'
}

/**
 * After an answer that came before the request's end: takes the rest, within bounds, then cuts, so that a
 * client that writes everything before it reads sees the answer and no reset.
 */
export function letRestPass(request: IncomingMessage, bounds = { bytes: passBytes, ms: passMs }): void {
  const { socket } = request
  const enough = socket.bytesRead + bounds.bytes
  const cut = () => socket.destroy()
  const timer = setTimeout(cut, bounds.ms)
  const through = () => {
    clearTimeout(timer)
    // A connection may carry requests without end.
    socket.off('close', through)
  }
  // The request's own `close` comes with the answer, not with its end.
  request.once('end', through)
  socket.once('close', through)
  request.on('error', () => {})
  request.on('data', () => {
    if (socket.bytesRead > enough) cut()
  })
  request.resume()
}
