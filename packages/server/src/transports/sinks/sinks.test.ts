import { createServer, get, type IncomingMessage } from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2ServerResponse,
} from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { WebSocketConnection } from '../websocket-connection.js'
import { ChunkedSink } from './chunked-sink.js'
import { ResponseSink } from './response-sink.js'
import { emitted, type SinkUnderTest, testSink } from './sink-suite.js'
import { frameHead, opcode } from './websocket-frame.js'
import { upgradeToWebSocket } from './websocket-sink.js'

const nothing = new Uint8Array()

/** The sinks of responses carry bytes as they are. */
const asItIs = (payload: Uint8Array) => payload

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A client of HTTP/1, and the socket of its request at the server, with the head of an answer written. */
async function answering(head: string) {
  const server = createTcpServer({ allowHalfOpen: true })
  const port = await listen(server)
  const asked = emitted<Socket>(server, 'connection')
  const request = get({ port, host: '127.0.0.1', agent: false }).on('error', () => {})
  const socket = (await asked).on('error', () => {})
  await emitted(socket, 'data')
  socket.write(head)
  const client = await emitted<IncomingMessage>(request, 'response')
  client.on('error', () => {})
  return { socket, client: Object.assign(client, { drop: () => request.destroy() }) }
}

async function openChunked(): Promise<SinkUnderTest> {
  const { socket, client } = await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  const sink = new ChunkedSink(socket, { streamEnded: () => {} })
  return { sink, end: () => sink.end(), wire: asItIs, client }
}

async function openCloseDelimited(): Promise<SinkUnderTest> {
  const { socket, client } = await answering('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
  const sink = new ResponseSink(socket)
  return { sink, end: () => sink.end(), wire: asItIs, client }
}

async function openHttp2(): Promise<SinkUnderTest> {
  const server = createHttp2Server()
  const port = await listen(server)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  onTestFinished(() => session.destroy())
  const responding = new Promise<Http2ServerResponse>((resolve) =>
    server.once('request', (_request, response) => resolve(response)),
  )
  const client = session.request({ ':path': '/' }).on('error', () => {})
  const response = await responding
  response.writeHead(200)
  await emitted(client, 'response')
  const sink = new ResponseSink(response.stream)
  return {
    sink,
    end: () => sink.end(),
    wire: asItIs,
    client: Object.assign(client, { drop: () => client.close(8) }),
  }
}

async function openWebSocket(): Promise<SinkUnderTest> {
  const server = createServer()
  const port = await listen(server)
  const connecting = new Promise<WebSocketConnection>((resolve) => {
    server.once('upgrade', (request, socket, head) => {
      const key = request.headers['sec-websocket-key'] ?? ''
      socket.on('error', () => {})
      const connection = upgradeToWebSocket(socket as Socket, head, {
        key,
        subprotocol: undefined,
        maxMessageBytes: 1024,
      })
      connection.hear({ tookMessage: () => {}, settled: async () => {}, gone: () => {} })
      resolve(connection)
    })
  })
  const socket = new WebSocket(`ws://127.0.0.1:${port}`).on('error', () => {})
  onTestFinished(() => socket.terminate())
  await emitted(socket, 'open')
  const connection = await connecting
  return {
    sink: connection,
    end: () => connection.close(1000, ''),
    wire: (payload) => Buffer.concat([frameHead(opcode.binary, payload.byteLength), payload]),
    client: {
      on: (event, listener) =>
        event === 'data' ? socket.on('message', listener) : socket.on('close', () => listener(nothing)),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      drop: () => socket.terminate(),
    },
  }
}

testSink('HTTP/1.1, chunked', openChunked)
testSink('HTTP/1.0, ended by the connection', openCloseDelimited)
testSink('an HTTP/2 stream', openHttp2)
testSink('a WebSocket', openWebSocket)
