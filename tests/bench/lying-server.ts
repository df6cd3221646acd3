import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'

/** What a server makes of the messages so far when the newest has come: what it sends to one of its subscribers. */
export type Lie = (messages: readonly string[], subscriber: number) => readonly string[]

/**
 * A server of SSE and WebSocket that tells what `lie` says.
 *
 * @param write  how an event's or a frame's bytes are put on the wire; in one piece unless it says otherwise
 */
export async function startLyingServer(
  lie: Lie,
  write = (sink: Writable, bytes: Buffer): unknown => sink.write(bytes),
) {
  const subscribers: { sink: Writable; encode: (message: string) => Buffer }[] = []
  const messages: string[] = []
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      subscribers.push({ sink: response, encode: eventOf })
      return
    }
    let body = ''
    for await (const chunk of request) body += String(chunk)
    messages.push(body)
    for (const [index, { sink, encode }] of subscribers.entries())
      for (const message of lie(messages, index)) write(sink, encode(message))
    response.writeHead(204).end()
  })
  server.on('upgrade', (request, socket) => {
    socket.write(upgradeOf(String(request.headers['sec-websocket-key'])))
    socket.resume().on('error', () => {})
    socket.on('end', () => socket.end())
    subscribers.push({ sink: socket, encode: frameOf })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

function eventOf(message: string): Buffer {
  return Buffer.from(`data:${message}\n\n`)
}

/** In the second of the three forms of a frame's length when it is over 125 bytes. */
function frameOf(message: string): Buffer {
  const { length } = message
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), Buffer.from(message)])
}

function upgradeOf(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}
