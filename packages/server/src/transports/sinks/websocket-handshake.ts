import { createHash } from 'node:crypto'

/** @see RFC 6455 §1.3 */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * The answer that turns a connection into a WebSocket.
 *
 * @param key          the client's `Sec-WebSocket-Key`
 * @param subprotocol  one of those that the client offers
 * @see RFC 6455 §4.2.2
 */
export function handshakeAnswer(key: string, subprotocol: string | undefined): string {
  const accept = createHash('sha1').update(`${key}${acceptSuffix}`).digest('base64')
  const chosen = subprotocol === undefined ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`
  )
}
