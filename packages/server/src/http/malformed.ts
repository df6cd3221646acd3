import type { Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import { endGently, isEnding } from './end-gently.js'
import { problemAnswer } from './problem-answer.js'

/**
 * Answers what could not be parsed as HTTP, and ends the connection.
 *
 * @param isFree  nothing else is being answered on this connection: else the answer would be taken for
 *   another's, or stand in the middle of one, and the connection is cut instead
 * @see RFC 9112 §2.2
 */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket, isFree: boolean): void {
  // The parser may complain again of what comes after.
  if (isEnding(socket)) return
  if (!socket.writable || error.code === 'ECONNRESET' || !isFree) socket.destroy()
  else answerAndEnd(socket, malformed(error.code))
}

/** For a connection that Node's server has let go of. */
export function answerAndEnd(socket: Socket, problem: Problem): void {
  const { status, headers, body = new Uint8Array() } = problemAnswer(problem, () => {})
  const lines = Object.entries({ ...headers, 'content-length': body.byteLength, connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  endGently(socket, `HTTP/1.1 ${status} \r\n${head}\r\n${Buffer.from(body).toString()}`)
}

function malformed(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('header-too-large', 'Send fewer or shorter headers.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('request-timeout', 'Send the request faster.')
  return new Problem('request-malformed', 'This is not HTTP/1.1.')
}
