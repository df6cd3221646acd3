import type { Writable } from 'node:stream'
import type { StreamSink } from '../exchange.js'
import { StreamBackedSink } from './stream-backed-sink.js'

/**
 * A response that stays open, in one of two forms. Node frames it as the client's version of HTTP says: ended by
 * the connection's end in HTTP/1.0 (nginx speaks that to its upstream unless told otherwise), DATA frames of one
 * stream in HTTP/2. Chunks of HTTP/1.1 are `ChunkedSink`'s.
 */
export class ResponseSink extends StreamBackedSink implements StreamSink {
  readonly #response: Writable
  readonly #onPush: (bytes: number) => void

  /**
   * @param response HTTP/1.0's response, HTTP/2's stream
   * @param onPush   hears how many bytes each push brings
   */
  constructor(response: Writable, onPush: (bytes: number) => void = () => {}) {
    super(response)
    this.#response = response
    this.#onPush = onPush
  }

  override push(bytes: Uint8Array): void {
    this.#onPush(bytes.byteLength)
    super.push(bytes)
  }

  end(): void {
    this.flush()
    if (!this.isGone) this.#response.end()
  }
}
