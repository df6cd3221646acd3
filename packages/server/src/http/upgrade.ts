import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import { type HttpRequest, headerText } from './http-request.js'

/** Any other request under an offer to upgrade is answered as it is: the offer may be passed over. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.method === 'GET' && headerText(request, 'upgrade')?.toLowerCase() === 'websocket'
}

/** Names of subprotocols, each once. @see RFC 6455 §4.1; RFC 9110 §5.6.1, §5.6.2 */
const subprotocolList = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/

/** @throws Problem `upgrade-required` when the handshake is not one of RFC 6455 §4.2.1 */
export function checkHandshake(request: HttpRequest): void {
  if (request.httpVersion !== '1.1') {
    throw new Problem('upgrade-required', 'A WebSocket begins with a GET of HTTP/1.1.')
  }
  if (headerText(request, 'sec-websocket-version') !== '13') {
    throw new Problem('upgrade-required', 'This server speaks version 13 of the WebSocket protocol.')
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headerText(request, 'sec-websocket-key') ?? '')) {
    throw new Problem('upgrade-required', 'Sec-WebSocket-Key is 16 bytes in base64.')
  }
  const offered = headerText(request, 'sec-websocket-protocol')
  if (offered === undefined) return
  const names = offered.split(',').map((name) => name.trim())
  if (!subprotocolList.test(offered) || new Set(names).size < names.length) {
    throw new Problem('upgrade-required', 'Sec-WebSocket-Protocol lists names of subprotocols, each once.')
  }
}

/**
 * A request may offer an upgrade that we do not take: Java's HTTP client offers `h2c` with its first one. It
 * is then an ordinary request, but Node has handed the socket over already. So the request's head, without
 * the offer, goes back in front of what follows, for the server to read it as new.
 *
 * @see RFC 9110 §7.8: a server may ignore Upgrade
 */
export function readAsPlainRequest(request: IncomingMessage, socket: Socket, head: Buffer): void {
  const kept: string[] = []
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] as string
    const value = request.rawHeaders[index + 1] as string
    if (/^(?:upgrade|http2-settings)$/i.test(name)) continue
    if (/^connection$/i.test(name)) {
      // Of the connection's options only its end is still meant.
      if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)) kept.push('Connection: close\r\n')
    } else kept.push(`${name}: ${value}\r\n`)
  }
  const lines = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n${kept.join('')}\r\n`
  socket.unshift(Buffer.concat([Buffer.from(lines, 'latin1'), head]))
  // Node's server listens anew.
  socket.removeAllListeners('timeout')
}
