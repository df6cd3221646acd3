import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ConnectOptions, connect, type Tidings, type TidingsDetails } from '@tidings/client'
import { subprotocol, type Way } from '@tidings/protocol'
import { beforeEach, expect, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { webSocket } from '../support/socket-server.js'

export interface HostileServer {
  readonly url: string
  /** Requests so far, upgrades among them. */
  readonly requests: readonly { readonly path: string; readonly atMs: number }[]
}

/** A server that does what a test wants, over HTTP and to each WebSocket. */
export async function startHostile(does: {
  readonly answers?: (response: ServerResponse, url: URL, request: IncomingMessage) => void
  readonly opens?: (socket: WebSocket) => void
}): Promise<HostileServer> {
  const requests: { path: string; atMs: number }[] = []
  const note = ({ url = '' }: IncomingMessage) => requests.push({ path: url, atMs: performance.now() })
  const server = createServer((request, response) => {
    note(request)
    if (does.answers) does.answers(response, new URL(request.url ?? '', 'http://any'), request)
    else response.writeHead(426).end()
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol })
  server.on('upgrade', (request, stream, head) => {
    note(request)
    const { opens } = does
    if (opens) sockets.handleUpgrade(request, stream, head, opens)
    else stream.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** Envelopes as the forced way has them, again and again whenever it asks. */
export function saying(way: Way, ...bodies: readonly (string | Uint8Array)[]) {
  let turn = 0
  const next = () => bodies[turn++ % bodies.length] as string | Uint8Array
  return {
    answers(response: ServerResponse) {
      if (way !== 'sse') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(next())
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('retry:1\n\ndata:')
      response.write(next())
      response.end('\n\n')
    },
    ...(way === 'websocket' && {
      opens(socket: WebSocket) {
        socket.send('{"type":"welcome","heartbeatMs":15000}')
        socket.on('message', (text) => {
          if (String(text).includes('"subscribe"')) socket.send(next(), { binary: false })
        })
      },
    }),
  }
}

export function client(url: string, options: ConnectOptions = {}): Tidings {
  const tidings = connect(url, { webSocket, intervalMs: 20, backoff: { baseMs: 50, capMs: 200 }, ...options })
  onTestFinished(() => tidings.close())
  return tidings
}

export async function take<T>(messages: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const message of messages) {
    taken.push(message)
    if (taken.length === count) break
  }
  return taken
}

/** The next time that it waits for another attempt, and why. */
export function waits(tidings: Tidings): Promise<TidingsDetails['state']> {
  return new Promise((resolve) => {
    tidings.addEventListener('state', ({ detail }) => detail.state === 'waiting' && resolve(detail))
  })
}

export const pause = (forMs: number) => new Promise<void>((resolve) => setTimeout(resolve, forMs))

/** Fails a test of the file after which a rejection was unhandled, or something was thrown out of a handler. */
export function expectNothingUncaught(): void {
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  beforeEach(() => {
    process.on('unhandledRejection', note)
    process.on('uncaughtException', note)
    onTestFinished(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      process.off('unhandledRejection', note)
      process.off('uncaughtException', note)
      expect(uncaught.splice(0)).toEqual([])
    })
  })
}

export const offsetAt = (position: number) => `0000000000000007_${String(position).padStart(16, '0')}`
