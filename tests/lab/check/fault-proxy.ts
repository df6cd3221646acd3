import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** What a proxy on the way does wrong. */
export interface Faults {
  /**
   * `drop-header`: passes it on as an ordinary request. `refuse`: 502. `swallow`: takes it and never answers.
   * `open-only`: lets it open, and passes no frames.
   */
  readonly upgrades?: 'drop-header' | 'refuse' | 'swallow' | 'open-only'
  /** Keeps every answer back until it is whole. */
  readonly buffers?: boolean
  /** Event streams are answered, and nothing of them passes, not even their end. */
  readonly mutesEventStreams?: boolean
  /** Polls that say for how long they are to be held (`timeout=`) are answered 504 after so long, milliseconds. */
  readonly cutsHeldPollsAfterMs?: number
  /** Answers a GET of a channel as it was answered the first time. */
  readonly servesStale?: boolean
  /** Request headers that do not pass. */
  readonly dropsRequestHeader?: string
  readonly dropsResponseHeader?: string
  /** From this POST on (the first is 1) nothing passes on streams and sockets that are open, and none is cut. */
  readonly freezesAtPost?: number
  /** Ends each connection with its first answer. */
  readonly closesConnections?: boolean
  /** Methods that are answered 405. */
  readonly refusesMethod?: string
}

/** Knows HTTP as the proxies know it that it stands for, and does one thing wrong. */
export class FaultProxy {
  readonly url: string
  readonly #server: URL
  readonly #faults: Faults
  readonly #kept = new Map<string, { headers: IncomingHttpHeaders; body: Buffer }>()
  readonly #streams = new Set<IdleLine>()
  #idleLimitMs: number | undefined
  #posts = 0

  private constructor(port: number, server: URL, faults: Faults) {
    this.url = `http://127.0.0.1:${port}`
    this.#server = server
    this.#faults = faults
  }

  static async before(server: { readonly url: string }, faults: Faults = {}): Promise<FaultProxy> {
    const sockets = new Set<Socket>()
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const proxy = new FaultProxy((listener.address() as AddressInfo).port, new URL(server.url), faults)
    listener.on('connection', (socket) => sockets.add(socket).size)
    listener.on('request', (asked, answer) => proxy.#pass(asked, answer))
    listener.on('upgrade', (asked, socket, head) => proxy.#upgrade(asked, socket, head))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      listener.close()
    })
    return proxy
  }

  /** From now on cuts streams and sockets that are silent for so long, those that are open too. */
  cutIdleAfter(idleMs: number): void {
    this.#idleLimitMs = idleMs
    for (const line of this.#streams) line.touch(idleMs)
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { refusesMethod, servesStale, cutsHeldPollsAfterMs, closesConnections } = this.#faults
    answer.shouldKeepAlive = !closesConnections
    if (asked.method === refusesMethod) {
      answer.writeHead(405).end('Not here.')
      return
    }
    if (asked.method === 'POST' && ++this.#posts === this.#faults.freezesAtPost) {
      for (const line of this.#streams) line.freeze()
    }
    const isChannelRead = asked.method === 'GET' && isPlainRead(asked.url ?? '')
    const kept = this.#kept.get(asked.url ?? '')
    if (servesStale && isChannelRead && kept) {
      answerKept(asked, answer, kept)
      return
    }
    const upstream = this.#ask(asked, { ...asked.headers })
    if (cutsHeldPollsAfterMs !== undefined && /[?&]timeout=/.test(asked.url ?? '')) {
      const cut = setTimeout(() => {
        upstream.destroy()
        answer.writeHead(504).end('Gateway Time-out')
      }, cutsHeldPollsAfterMs)
      answer.on('close', () => clearTimeout(cut))
    }
    upstream.on('error', () => answer.destroy())
    answer.on('close', () => upstream.destroy())
    asked.pipe(upstream)
    upstream.on('response', (answered) => {
      this.#answer(answered, answer, servesStale && isChannelRead ? asked.url : undefined).catch(() =>
        answer.destroy(),
      )
    })
  }

  #ask({ method, url }: IncomingMessage, headers: IncomingHttpHeaders) {
    const { dropsRequestHeader } = this.#faults
    if (dropsRequestHeader !== undefined) delete headers[dropsRequestHeader]
    const { hostname, port } = this.#server
    return request({ host: hostname, port, method, path: url, headers, agent: false })
  }

  async #answer(answered: IncomingMessage, answer: ServerResponse, keptAs: string | undefined) {
    const { statusCode = 502 } = answered
    const headers = { ...answered.headers }
    for (const own of ['connection', 'keep-alive', 'transfer-encoding']) delete headers[own]
    const { dropsResponseHeader, buffers, mutesEventStreams } = this.#faults
    if (dropsResponseHeader !== undefined) delete headers[dropsResponseHeader]
    const isEventStream = headers['content-type']?.startsWith('text/event-stream') ?? false
    if (mutesEventStreams && isEventStream) {
      answer.writeHead(statusCode, headers).flushHeaders()
      answered.resume()
      return
    }
    if (buffers || keptAs !== undefined) {
      const body = await buffer(answered)
      if (keptAs !== undefined && statusCode === 200) this.#kept.set(keptAs, { headers, body })
      answer.writeHead(statusCode, headers).end(body)
      return
    }
    answer.writeHead(statusCode, headers)
    answer.flushHeaders()
    if (isEventStream) this.#watch(answered, answer, () => answer.destroy())
    answered.on('error', () => answer.destroy())
    answered.pipe(answer)
  }

  #upgrade(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {})
    switch (this.#faults.upgrades) {
      case 'drop-header':
        this.#passWithoutUpgrade(asked, socket)
        break
      case 'refuse':
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
        break
      case 'swallow':
        break
      case 'open-only':
        this.#join(asked, socket, { head, passesFrames: false })
        break
      case undefined:
        this.#join(asked, socket, { head, passesFrames: true })
    }
  }

  #passWithoutUpgrade(asked: IncomingMessage, socket: Duplex): void {
    const { upgrade: _, connection: __, ...headers } = asked.headers
    const upstream = this.#ask(asked, headers)
    upstream.on('error', () => socket.destroy())
    upstream.on('response', (answered) => {
      buffer(answered).then(
        (body) => {
          socket.write(`HTTP/1.1 ${answered.statusCode} ${answered.statusMessage}\r\nconnection: close\r\n`)
          socket.end(Buffer.concat([Buffer.from(`content-length: ${body.byteLength}\r\n\r\n`), body]))
        },
        () => socket.destroy(),
      )
    })
    upstream.end()
  }

  #join(asked: IncomingMessage, socket: Duplex, how: { head: Buffer; passesFrames: boolean }): void {
    const upstream = connect(Number(this.#server.port), this.#server.hostname)
    const lines = asked.rawHeaders.flatMap((text, index) =>
      index % 2 === 0 ? [`${text}: ${asked.rawHeaders[index + 1]}\r\n`] : [],
    )
    upstream.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    const end = () => {
      socket.destroy()
      upstream.destroy()
    }
    for (const each of [socket, upstream]) each.on('error', end).on('close', end)
    if (!how.passesFrames) {
      upstream.once('data', (data: Buffer) => socket.write(data.subarray(0, data.indexOf('\r\n\r\n') + 4)))
      socket.resume()
      return
    }
    upstream.write(how.head)
    this.#watch(upstream, socket, end)
    socket.pipe(upstream).pipe(socket)
  }

  #watch(from: Readable, to: Writable, cut: () => void): void {
    const line = new IdleLine(cut, () => from.unpipe(to).resume())
    this.#streams.add(line)
    line.touch(this.#idleLimitMs)
    from.on('data', () => line.touch(this.#idleLimitMs))
    from.on('close', () => {
      line.stop()
      this.#streams.delete(line)
    })
  }
}

/** A connection that may not be silent for long. */
class IdleLine {
  #timer: NodeJS.Timeout | undefined
  readonly #cut: () => void
  readonly freeze: () => void

  constructor(cut: () => void, freeze: () => void) {
    this.#cut = cut
    this.freeze = freeze
  }

  touch(idleMs: number | undefined): void {
    this.stop()
    if (idleMs !== undefined) this.#timer = setTimeout(this.#cut, idleMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

function isPlainRead(url: string): boolean {
  return url.startsWith('/v1/stream/') && !url.includes('live=')
}

function answerKept(
  asked: IncomingMessage,
  answer: ServerResponse,
  { headers, body }: { headers: IncomingHttpHeaders; body: Buffer },
): void {
  const isKnown = headers.etag !== undefined && asked.headers['if-none-match'] === headers.etag
  if (isKnown) answer.writeHead(304, { etag: headers.etag }).end()
  else answer.writeHead(200, headers).end(body)
}
