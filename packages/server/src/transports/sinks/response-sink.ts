import type { Writable } from 'node:stream'
import type { StreamSink } from '../exchange.js'
import { StreamBackedSink } from './stream-backed-sink.js'

/**
 * A response that stays open, in one of three forms. Node frames it as the client's version of HTTP says:
 * chunked in HTTP/1.1, ended by the connection's end in HTTP/1.0 (nginx speaks that to its upstream unless told
 * otherwise), DATA frames of one stream in HTTP/2.
 */
export class ResponseSink extends StreamBackedSink implements StreamSink {
  readonly #response: Writable
  readonly #onPush: (bytes: number) => void

  /**
   * @param response HTTP/1's response, HTTP/2's stream
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
