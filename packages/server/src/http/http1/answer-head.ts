import { STATUS_CODES } from 'node:http'
import { invariant } from '@tidings/protocol'
import type { Headers } from '../../transports/index.js'

/** What becomes of the connection behind an answer. */
export interface AnswerEnd {
  readonly isLast: boolean
  /** The body comes in chunks. */
  readonly isChunked?: boolean
  /** For how long an idle connection is kept, seconds; said of one that goes on. */
  readonly keepAliveSeconds: number
}

/** What would end a header, or become something else in Latin-1. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/

/**
 * The head of an answer, with the empty line behind it.
 *
 * @param headers by their names in lower case. A `connection` of theirs stands in place of ours
 * @see RFC 9112 §4, §9.6
 */
export function answerHead(status: number, headers: Headers, end: AnswerEnd): string {
  const { isLast, isChunked = false, keepAliveSeconds } = end
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  let isConnectionSaid = false
  for (const name in headers) {
    let value = headers[name] as string
    invariant(!notInValue.test(value), 'a header is one line')
    if (name === 'connection') {
      isConnectionSaid = true
      if (isLast) value = `${value}, close`
    }
    head += `${name}: ${value}\r\n`
  }
  head += `Date: ${httpDate()}\r\n`
  if (isLast && !isConnectionSaid) head += 'Connection: close\r\n'
  else if (!isConnectionSaid) head += `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`
  if (isChunked) head += 'Transfer-Encoding: chunked\r\n'
  return `${head}\r\n`
}

let date = ''
let dateSeconds = 0

/** Made once a second. @see RFC 9110 §6.6.1 */
function httpDate(): string {
  const seconds = Math.floor(Date.now() / 1000)
  if (seconds !== dateSeconds) {
    dateSeconds = seconds
    date = new Date(seconds * 1000).toUTCString()
  }
  return date
}
