import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebSocketConstructor } from '@tidings/client/ways'
import { subprotocol } from '@tidings/protocol'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Answerer, bare } from './wire-server.js'

export const webSocket: WebSocketConstructor = WebSocket

export type Envelope = Record<string, unknown>

/** The server's end of one WebSocket, in a test's hands. */
export class Peer {
  readonly #socket: WebSocket
  readonly #arrived: Envelope[] = []
  readonly #waiting: ((envelope: Envelope) => void)[] = []
  /** Resolves with the close code when the socket is gone. */
  readonly closed: Promise<number>

  constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('message', (data) => {
      const envelope = JSON.parse(String(data)) as Envelope
      const next = this.#waiting.shift()
      if (next) next(envelope)
      else this.#arrived.push(envelope)
    })
  }

  /** The client's next envelope. */
  next(): Promise<Envelope> {
    const envelope = this.#arrived.shift()
    if (envelope) return Promise.resolve(envelope)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** @param frames envelopes, or texts as they stand */
  send(...frames: (Envelope | string)[]): void {
    for (const frame of frames) this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  welcome(heartbeatMs = 15_000): void {
    this.send({ type: 'welcome', heartbeatMs })
  }

  close(code: number): void {
    this.#socket.close(code)
  }

  cut(): void {
    this.#socket.terminate()
  }
}

export interface SocketServer {
  readonly url: string
  /** Paths of the plain requests so far. */
  readonly asked: readonly string[]
  /** The next WebSocket. */
  peer(): Promise<Peer>
  /** The next upgrade is answered with this status instead. */
  refuseUpgrade(status: number): void
  /** What plain requests are answered with; at first 426. */
  answer(answerer: Answerer): void
}

export async function startSocketServer(): Promise<SocketServer> {
  const peers: Peer[] = []
  const waiting: ((peer: Peer) => void)[] = []
  const refusals: number[] = []
  const asked: string[] = []
  let answerer = bare(426)
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url}`)
    const query = new URLSearchParams()
    answerer(response, { method: '', path: '', query, headers: {}, body: '', over: Promise.resolve() })
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol })
  server.on('upgrade', (request, stream, head) => {
    const status = refusals.shift()
    if (status !== undefined) {
      stream.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const peer = new Peer(socket)
      const next = waiting.shift()
      if (next) next(peer)
      else peers.push(peer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    peer() {
      const peer = peers.shift()
      return peer ? Promise.resolve(peer) : new Promise((resolve) => waiting.push(resolve))
    },
    refuseUpgrade: (status) => refusals.push(status),
    answer(given) {
      answerer = given
    },
  }
}
