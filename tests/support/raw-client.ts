import { once } from 'node:events'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type RawData, WebSocket } from 'ws'

/** An event stream that a test reads, stops reading, or drops, as it likes. */
export class RawEventStream {
  readonly #request: ClientRequest
  readonly response: IncomingMessage
  /** Resolves when the server has ended the response as a whole; rejects when it was cut. */
  readonly ended: Promise<void>
  text = ''
  #heard = () => {}

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request
    this.response = response
    this.ended = new Promise((resolve, reject) => {
      response.once('end', resolve)
      response.once('error', reject)
      response.once('close', () => reject(new Error('The response was cut')))
    })
    this.ended.catch(() => {})
    onTestFinished(() => this.drop())
  }

  /** Reads nothing yet. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawEventStream> {
    const request = get(url, { headers, agent: false })
    // Dropped by this side: no accident.
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return new RawEventStream(request, response)
  }

  read(): this {
    this.response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
      this.#heard()
    })
    return this
  }

  /** Resolves when `pattern` has come. */
  async has(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text)
      if (found) return found
      await this.more()
    }
  }

  /** Resolves when anything more has come. For one who waits at a time. */
  async more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard = resolve
    })
  }

  drop(): void {
    this.#request.destroy()
  }
}

/** A WebSocket whose messages and end a test waits for. */
export class RawWebSocket {
  readonly socket: WebSocket
  readonly messages: string[] = []
  /** The close code and reason that this side was told. */
  readonly closed: Promise<{ code: number; reason: string }>
  #heard = () => {}

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    socket.on('message', (data: RawData) => {
      this.messages.push(String(data))
      this.#heard()
    })
    socket.on('error', () => {})
    onTestFinished(() => socket.terminate())
  }

  /** @param url of the server or of a channel in it, `http:` */
  static async open(url: string, subprotocol?: string): Promise<RawWebSocket> {
    const raw = new RawWebSocket(new WebSocket(url.replace(/^http/, 'ws'), subprotocol ?? []))
    await once(raw.socket, 'open')
    return raw
  }

  send(message: string | Uint8Array | object): void {
    const isRaw = typeof message === 'string' || message instanceof Uint8Array
    this.socket.send(isRaw ? message : JSON.stringify(message))
  }

  /** Resolves when so many messages have come in all. */
  async has(count: number): Promise<readonly string[]> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
    return this.messages
  }

  /** The first envelope of this type, as soon as it has come. */
  async envelope(type: string): Promise<Record<string, unknown>> {
    for (let count = 0; ; count++) {
      const message = (await this.has(count + 1))[count] as string
      const envelope = JSON.parse(message) as Record<string, unknown>
      if (envelope.type === type) return envelope
    }
  }
}

/** A TCP connection, for what no client library would send or leave out. */
export async function rawConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}
