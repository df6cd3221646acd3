import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { RunningServer } from 'tidings'
import { onTestFinished } from 'vitest'

/** One connection of HTTP/2 to a server of a test, closed when the test is over. */
export class Http2Client {
  readonly session: ClientHttp2Session

  private constructor(session: ClientHttp2Session) {
    this.session = session
    // Cut by the server or by the test: no accident.
    session.on('error', () => {})
    onTestFinished(() => session.destroy())
  }

  static async open({ url, certificate }: Pick<RunningServer, 'url' | 'certificate'>): Promise<Http2Client> {
    const session = connect(url, { ...(certificate !== undefined && { ca: certificate }) })
    const client = new Http2Client(session)
    await once(session, 'connect')
    return client
  }

  /** Asks, and leaves the stream open for a body unless there is none to send. */
  ask(path: string, headers: OutgoingHttpHeaders = {}): Http2Answer {
    const hasBody = ['POST', 'PUT'].includes(String(headers[':method'] ?? 'GET'))
    return new Http2Answer(this.session.request({ ':path': path, ...headers }, { endStream: !hasBody }))
  }

  /** A whole exchange. */
  async fetch(path: string, headers: OutgoingHttpHeaders = {}, body?: string | Uint8Array) {
    const answer = this.ask(path, headers)
    if (body !== undefined || !answer.stream.writableEnded) answer.stream.end(body)
    const head = await answer.head
    await answer.ended
    return { status: Number(head[':status']), headers: head, text: answer.text }
  }
}

/** One stream: its head, and what has come of its body. */
export class Http2Answer {
  readonly stream: ClientHttp2Stream
  readonly head: Promise<IncomingHttpHeaders & { ':status'?: number }>
  /** Resolves to the code of RST_STREAM when nothing more will come, 0 for a stream that ended well. */
  readonly ended: Promise<number>
  text = ''
  #heard = () => {}

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream
    this.head = new Promise((resolve, reject) => {
      stream.once('response', resolve)
      stream.once('close', () => reject(new Error(`The stream ended (${stream.rstCode}) without an answer.`)))
    })
    this.head.catch(() => {})
    this.ended = new Promise((resolve) => stream.once('close', () => resolve(stream.rstCode)))
    stream.on('error', () => {})
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
      this.#heard()
    })
  }

  /** Resolves when `pattern` has come. */
  async has(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text)
      if (found) return found
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }
}
