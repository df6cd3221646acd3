import { Problem } from '@tidings/protocol'
import { type HttpRequest, headerText } from './http-request.js'
import type { RequestHead } from './http1/index.js'

/**
 * Any other request under an offer to upgrade is answered as it is: the offer may be passed over. Java's HTTP client
 * offers `h2c` with its first one.
 *
 * @see RFC 9110 §7.8: a server may ignore Upgrade
 */
export function isWebSocketUpgrade(head: RequestHead): boolean {
  const { bodyBytes, headers, method, offersUpgrade } = head
  return (
    offersUpgrade && method === 'GET' && bodyBytes === 0 && headers.upgrade?.toLowerCase() === 'websocket'
  )
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
