import type { Writable } from 'node:stream'
import { type Sink, sinkHighWaterMarkBytes } from '../../hub/index.js'

/**
 * A sink in front of a Node stream: holds what was pushed until the flush. `isBackedUp` measures both that and
 * what the stream itself holds back, where a peer that reads slowly shows.
 */
export class StreamBackedSink implements Sink {
  readonly #stream: Writable
  #parts: Uint8Array[] = []
  #bytes = 0
  /** Those who wait for less to be unsent, woken after each flush. */
  readonly #waiting = new Set<() => void>()

  constructor(stream: Writable) {
    this.#stream = stream
  }

  push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#bytes += bytes.byteLength
  }

  flush(): void {
    const parts = this.#parts
    if (parts.length === 0) return
    this.#parts = []
    this.#bytes = 0
    // A lone part goes as it is: it may be shared by thousands of sinks, and is not copied for any of them.
    if (!this.isGone) this.#stream.write(parts.length === 1 ? parts[0] : Buffer.concat(parts))
    for (const wake of [...this.#waiting]) wake()
  }

  get isBackedUp(): boolean {
    return this.#stream.writableLength + this.#bytes > sinkHighWaterMarkBytes
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded
  }

  async drained(): Promise<void> {
    while (this.isBackedUp && !this.isGone) {
      await new Promise<void>((resolve) => {
        const settle = () => {
          this.#stream.off('drain', settle).off('close', settle)
          this.#waiting.delete(settle)
          resolve()
        }
        this.#stream.on('drain', settle).on('close', settle)
        // A stream that takes everything at once, as a socket may, has nothing to drain and never says so.
        this.#waiting.add(settle)
      })
    }
  }
}
