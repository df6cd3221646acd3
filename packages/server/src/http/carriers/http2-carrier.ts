import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { type Headers, ResponseSink, type StreamSink } from '../../transports/index.js'
import type { ReadBounds } from '../bounded-body.js'
import type { Carrier, EndListener } from './carrier.js'
import { readBody } from './http2-body.js'

/** Hears what a stream took and gave, before compression and framing, bytes. */
export type Weigh = (bytes: { readonly in: number; readonly out: number }) => void

/** A stream of HTTP/2: one of many on its connection, and cut without the others. @see RFC 9113 §5 */
export class Http2Carrier implements Carrier {
  readonly request: Http2ServerRequest
  readonly wire: Socket
  readonly #response: Http2ServerResponse
  readonly #stream: ServerHttp2Stream
  readonly #weigh: Weigh

  constructor(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    options: { readonly wire: Socket; readonly weigh: Weigh },
  ) {
    this.request = request
    this.wire = options.wire
    this.#response = response
    this.#stream = response.stream
    this.#weigh = options.weigh
    this.#weigh({ in: textBytes(request.headers), out: 0 })
  }

  get hasAnswer(): boolean {
    return this.#stream.headersSent
  }

  get isGone(): boolean {
    return this.#stream.destroyed
  }

  tellOfEnd(listener: EndListener): void {
    this.#stream.once('close', () => listener.ended())
  }

  writeContinue(): void {
    this.#response.writeContinue()
  }

  /** Its frames may come at any time. */
  takeBody(): undefined {
    return undefined
  }

  async readBody(bounds: ReadBounds): Promise<Buffer> {
    const body = await readBody(this.request, bounds)
    this.#weigh({ in: body.byteLength, out: 0 })
    return body
  }

  /** Streams have no order among themselves. */
  placed(): void {}

  answer(status: number, headers: Headers, body: Uint8Array | undefined): void {
    const head = withoutConnection(headers)
    this.#weigh({ in: 0, out: textBytes(head) + (body?.byteLength ?? 0) })
    this.#response.writeHead(status, head)
    if (body) this.#response.end(body)
    else this.#response.end()
    if (!this.#stream.endAfterHeaders && !this.request.readableEnded) this.#dismissRest()
  }

  stream(status: number, headers: Headers): StreamSink {
    const head = withoutConnection(headers)
    this.#weigh({ in: 0, out: textBytes(head) })
    this.#response.writeHead(status, head)
    return new ResponseSink(this.#stream, { onPush: (bytes) => this.#weigh({ in: 0, out: bytes }) })
  }

  cut(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** The answer does not depend on what is still to come of the request. @see RFC 9113 §8.1 */
  #dismissRest(): void {
    const stream = this.#stream
    if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR)
    else stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
  }
}

/** @see RFC 9113 §8.2.2: a message with these is malformed */
function withoutConnection({ connection: _, upgrade: __, ...headers }: Headers): Headers {
  return headers
}

function textBytes(headers: Readonly<Record<string, string | readonly string[] | undefined>>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) bytes += name.length + String(value ?? '').length
  return bytes
}
