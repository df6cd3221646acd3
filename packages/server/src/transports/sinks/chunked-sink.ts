import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { StreamSink } from '../exchange.js'
import { StreamBackedSink } from './stream-backed-sink.js'

const lineEnd = Buffer.from('\r\n')

/** What was framed lately, by what it frames: thousands of sinks write the same bytes. */
const chunks = new WeakMap<Uint8Array, Buffer>()

/**
 * A response of HTTP/1.1 that stays open. Its chunks go to the socket itself: Node's response would frame them
 * for each reader anew, and write a chunk's size, its bytes and its end each by itself.
 *
 * @see RFC 9112 §7.1
 */
export class ChunkedSink extends StreamBackedSink implements StreamSink {
  readonly #response: ServerResponse

  /** @param response its head is written, and says that chunks follow; nothing waits before it on its connection */
  constructor(response: ServerResponse, socket: Socket) {
    super(socket)
    this.#response = response
  }

  override get isGone(): boolean {
    return this.#response.writableEnded || this.#response.destroyed || super.isGone
  }

  protected override write(stream: Writable, bytes: Uint8Array): void {
    let chunk = chunks.get(bytes)
    if (!chunk) {
      chunk = Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, lineEnd])
      chunks.set(bytes, chunk)
    }
    stream.write(chunk)
  }

  end(): void {
    this.flush()
    if (!this.isGone) this.#response.end()
  }
}
