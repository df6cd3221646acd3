import type { Writable } from 'node:stream'
import type { StreamSink } from '../exchange.js'
import { StreamBackedSink } from './stream-backed-sink.js'

/**
 * A response that stays open and needs no frames of ours: ended by the connection's end in HTTP/1.0 (nginx speaks that
 * to its upstream unless told otherwise), DATA frames of one stream in HTTP/2. Chunks of HTTP/1.1 are `ChunkedSink`'s.
 */
export class ResponseSink extends StreamBackedSink implements StreamSink {
  readonly #response: Writable
  readonly #onPush: ((bytes: number) => void) | undefined
  readonly #onEnd: (() => void) | undefined

  /**
   * @param response HTTP/1.0's socket, HTTP/2's stream
   * @param hooks    `onPush` hears how many bytes each push brings; `onEnd` ends the response, which else is ended here
   */
  constructor(
    response: Writable,
    hooks: { readonly onPush?: (bytes: number) => void; readonly onEnd?: () => void } = {},
  ) {
    super(response)
    this.#response = response
    this.#onPush = hooks.onPush
    this.#onEnd = hooks.onEnd
  }

  override push(bytes: Uint8Array): void {
    this.#onPush?.(bytes.byteLength)
    super.push(bytes)
  }

  end(): void {
    this.flush()
    if (this.isGone) return
    if (this.#onEnd) this.#onEnd()
    else this.#response.end()
  }
}
