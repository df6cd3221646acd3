import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface RawAnswer {
  readonly status: number
  /** Names in lower case; a repeated header's values are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * A bare TCP connection to a server: sends what no HTTP client would, to the byte, and reads answers whose
 * length is announced.
 */
export class RawConnection {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isOver = false
  #error: Error | undefined
  #wake: (() => void)[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes])
      this.#notify()
    })
    socket.on('error', (error) => {
      this.#error = error
      this.#notify()
    })
    const over = () => {
      this.#isOver = true
      this.#notify()
    }
    socket.on('end', over).on('close', over)
  }

  /** @param url the server's, as in `http://127.0.0.1:4437` */
  static open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawConnection(socket))
      })
    })
  }

  /** @returns false when the socket took it into its buffer only: see `written` */
  send(bytes: string | Uint8Array): boolean {
    return this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Resolves when everything that was sent has been given to the system; rejects when it could not be. */
  async written(): Promise<void> {
    const socket = this.#socket
    do {
      // The other end may be in this process: it gets its turn.
      await nextTurn()
      if (this.#error) throw this.#error
      if (socket.destroyed) throw new Error('The connection was closed before all was written.')
      if (socket.writableNeedDrain) {
        await new Promise<void>((resolve) => {
          const settle = () => {
            socket.off('drain', settle).off('close', settle)
            resolve()
          }
          socket.on('drain', settle).on('close', settle)
        })
      }
    } while (socket.writableLength > 0)
  }

  /** Says that nothing more will be sent, and goes on reading. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Stops reading, as a client does that is busy writing. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** The next answer, whole. @param method of the request: HEAD's has no body */
  async answer(method = 'GET'): Promise<RawAnswer> {
    const head = (await this.through('\r\n\r\n')).toString('latin1')
    const [statusLine = '', ...lines] = head.trimEnd().split('\r\n')
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
    }
    const status = Number(statusLine.split(' ')[1])
    const isBodyless = method === 'HEAD' || status === 204 || status === 304 || status < 200
    const length = isBodyless ? 0 : Number(headers['content-length'] ?? 0)
    return { status, headers, body: (await this.take(length)).toString('utf8') }
  }

  /** What comes, up to and with `mark`. */
  async through(mark: string): Promise<Buffer> {
    for (;;) {
      const at = this.#received.indexOf(mark)
      if (at !== -1) return this.take(at + mark.length)
      await this.#more(`"${mark}"`)
    }
  }

  async take(length: number): Promise<Buffer> {
    while (this.#received.byteLength < length) await this.#more(`${length} bytes`)
    const taken = this.#received.subarray(0, length)
    this.#received = this.#received.subarray(length)
    return taken
  }

  /** All that comes until the other end closes or cuts. */
  async rest(): Promise<Buffer> {
    while (!this.#isOver && !this.#error) await this.#changed()
    return this.#received
  }

  /** Resolves when the connection is gone, however it went. */
  async gone(): Promise<void> {
    while (!this.#socket.destroyed) {
      if (this.#isOver) this.#socket.end()
      await new Promise<void>((resolve) => this.#socket.once('close', resolve))
    }
  }

  async #more(wanted: string): Promise<void> {
    if (this.#error) throw new Error(`Waited for ${wanted}; the connection broke.`, { cause: this.#error })
    if (this.#isOver) {
      throw new Error(
        `Waited for ${wanted}; the connection ended after "${this.#received.subarray(0, 200)}".`,
      )
    }
    await this.#changed()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

export interface RawRequest {
  readonly method?: string
  /** The request line's, sent as it is: a character is a byte. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
}

/** The bytes of a request; `Host` and `Content-Length` are added unless they are given. */
export function requestBytes(
  url: string,
  { method = 'GET', target, headers = {}, body }: RawRequest,
): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array())
  const all: Record<string, string | readonly string[]> = {
    host: new URL(url).host,
    ...(body !== undefined && { 'content-length': String(bytes.byteLength) }),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}\r\n`),
  )
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    bytes,
  ])
}

/** One request on a connection of its own. */
export async function ask(url: string, request: RawRequest): Promise<RawAnswer> {
  const connection = await RawConnection.open(url)
  connection.send(requestBytes(url, request))
  const answer = await connection.answer(request.method)
  connection.destroy()
  return answer
}
