import type { HttpRequest } from '../../http/index.js'

/** Names of one connection's own headers, which are not handed on. @see RFC 9110 §7.6.1 */
const hopByHop = /^(?:connection|keep-alive|proxy-connection)$/i

/**
 * A request's head as it goes on behind the line: the same, without the line's own part of the path, on a connection
 * of its own.
 *
 * @param prefix the line's part of the path
 */
export function headBehindLine(request: HttpRequest, prefix: string, isUpgrade: boolean): string {
  const { httpVersion, method, url = '', rawHeaders } = request
  // The answer goes back as it is: it must be one that the client's version knows.
  const lines = [`${method} ${url.replace(prefix, '')} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (!hopByHop.test(name)) lines.push(`${name}: ${rawHeaders[index + 1]}`)
  }
  lines.push(isUpgrade ? 'Connection: Upgrade' : 'Connection: close', '', '')
  return lines.join('\r\n')
}
