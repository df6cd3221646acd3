import { Problem } from '@tidings/protocol'
import { type HttpRequest, headerText } from './http-request.js'

/** @returns the length that the client announced, 0 when it announced none */
export function announcedBytes(request: HttpRequest): number {
  return Number(request.headers['content-length'] ?? 0)
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
  return coding !== undefined && coding.toLowerCase() !== 'chunked'
}
