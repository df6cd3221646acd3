import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { problemContentType, problems } from '@tidings/protocol'
import { onTestFinished } from 'vitest'

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Resolves when the connection of this request is gone, or its answer is sent. */
  readonly over: Promise<void>
}

export type Answerer = (response: ServerResponse, asked: Asked) => void

/** A server that says on the wire what the test tells it to, one answer per request, in order. */
export interface WireServer {
  readonly url: string
  /** Every request so far. */
  readonly asked: readonly Asked[]
  /** Adds answers; a request that comes before its answer waits for it. */
  answer(...answerers: Answerer[]): void
  /** Resolves when the request of this number, from 1, has come. */
  request(number: number): Promise<Asked>
}

export async function startWireServer(...answerers: Answerer[]): Promise<WireServer> {
  const asked: Asked[] = []
  const waiting: ((answerer: Answerer) => void)[] = []
  const watchers = new Set<() => void>()

  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    const { method = '', headers } = request
    const body = await text(request).catch(() => '')
    const over = new Promise<void>((resolve) => response.once('close', resolve))
    const now = { method, path, query: new URL(path, 'http://any').searchParams, headers, body, over }
    asked.push(now)
    for (const look of [...watchers]) look()
    const answerer = answerers.shift() ?? (await new Promise<Answerer>((resolve) => waiting.push(resolve)))
    answerer(response, now)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer(...more) {
      for (const answerer of more) {
        const next = waiting.shift()
        if (next) next(answerer)
        else answerers.push(answerer)
      }
    },
    request: (number) =>
      new Promise((resolve) => {
        const look = () => {
          const found = asked[number - 1]
          if (found === undefined) return
          watchers.delete(look)
          resolve(found)
        }
        watchers.add(look)
        look()
      }),
  }
}

type Headers = Record<string, string>

/** An answer to a read of a JSON channel. */
export function json(body: string, nextOffset: string, headers: Headers = {}): Answerer {
  return ok(body, nextOffset, { 'content-type': 'application/json', ...headers })
}

export function ok(body: string | Uint8Array, nextOffset: string, headers: Headers): Answerer {
  return (response) => {
    response.writeHead(200, { 'stream-next-offset': nextOffset, ...headers }).end(body)
  }
}

export function bare(status: number, headers: Headers = {}): Answerer {
  return (response) => {
    response.writeHead(status, headers).end()
  }
}

export function problem(code: keyof typeof problems, headers: Headers = {}): Answerer {
  return (response) => {
    const { status, title } = problems[code]
    response
      .writeHead(status, { 'content-type': problemContentType, ...headers })
      .end(JSON.stringify({ type: `urn:tidings:problem:${code}`, code, title, detail: `${title}.` }))
  }
}

/** The connection is cut before an answer. */
export const cut: Answerer = (response) => {
  response.socket?.destroy()
}

export const upToDate = { 'stream-up-to-date': 'true' }
export const closed = { 'stream-closed': 'true', ...upToDate }
