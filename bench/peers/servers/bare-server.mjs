// Node with nothing on top: one socket write of a pre-framed message for each delivery, and `[]` for each poll.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { readBody } from './body.mjs'

const sockets = new Map()
const empty = { 'content-type': 'application/json', 'content-length': '2' }

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(200, empty).end('[]')
    return
  }
  readBody(request, (body) => {
    const frame = frameOf(Buffer.from(body))
    for (const socket of sockets.get(request.url) ?? []) socket.write(frame)
    response.writeHead(204).end()
  })
})
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const heard = sockets.get(request.url) ?? new Set()
  sockets.set(request.url, heard.add(socket))
  socket
    .resume()
    .on('error', () => {})
    .on('end', () => socket.end())
    .on('close', () => heard.delete(socket))
})
server.listen(Number(process.argv[2]), '127.0.0.1')

function frameOf(payload) {
  const length = payload.byteLength
  const head =
    length < 126 ? Buffer.from([0x81, length]) : Buffer.from([0x81, 126, length >> 8, length & 255])
  return Buffer.concat([head, payload])
}
