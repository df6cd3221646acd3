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
    if (this.isGone) return
    // A lone part goes as it is: it may be shared by thousands of sinks, and is not copied for any of them.
    this.#stream.write(parts.length === 1 ? parts[0] : Buffer.concat(parts))
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
          this.#stream.off('drain', settle)
          this.#stream.off('close', settle)
          resolve()
        }
        this.#stream.on('drain', settle)
        this.#stream.on('close', settle)
      })
    }
  }
}
