import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { StreamSink } from '../exchange.js'
import { StreamBackedSink } from './stream-backed-sink.js'

const lineEnd = Buffer.from('\r\n')
const lastChunk = '0\r\n\r\n'

/** What was framed lately, by what it frames: thousands of sinks write the same bytes. */
const chunks = new WeakMap<Uint8Array, Buffer>()

/** Whose connection it is, and goes on behind the response. */
export interface StreamOwner {
  streamEnded(): void
}

/**
 * A response of HTTP/1.1 that stays open, on its socket. What thousands of readers hear is framed once.
 *
 * @see RFC 9112 §7.1
 */
export class ChunkedSink extends StreamBackedSink implements StreamSink {
  readonly #socket: Socket
  readonly #owner: StreamOwner
  #hasEnded = false

  /**
   * @param socket its head is written, and says that chunks follow; nothing waits before it on its connection
   * @param owner  hears when the last chunk is written
   */
  constructor(socket: Socket, owner: StreamOwner) {
    super(socket)
    this.#socket = socket
    this.#owner = owner
  }

  override get isGone(): boolean {
    return this.#hasEnded || super.isGone
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
    if (this.isGone) return
    this.#hasEnded = true
    this.#socket.write(lastChunk, 'latin1')
    this.#owner.streamEnded()
  }
}
