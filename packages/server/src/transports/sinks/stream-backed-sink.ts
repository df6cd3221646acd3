import type { Writable } from 'node:stream'
import { type Sink, sinkHighWaterMarkBytes } from '../../hub/index.js'

/**
 * A sink in front of a Node stream: holds what was pushed until the flush. `isBackedUp` measures both that and
 * what the stream itself holds back, where a peer that reads slowly shows.
 *
 * Budget: per flush one write; a lone piece is shared, not copied (bench/fan-out). Idle, one object (bench/idle).
 */
export class StreamBackedSink implements Sink {
  isTouched = false
  readonly #stream: Writable
  /** What was pushed: nearly always one part between two flushes, for which no list is made. */
  #first: Uint8Array | undefined
  #more: Uint8Array[] | undefined
  /** What was pushed last, as a string with a code unit for each byte. */
  #byteString = ''
  #bytes = 0
  /** Something may be sent, or gone: one for all who wait, and none on nearly every connection. */
  #change: { readonly happened: Promise<void>; readonly tell: () => void } | undefined

  constructor(stream: Writable) {
    this.#stream = stream
  }

  push(bytes: Uint8Array): void {
    this.#takeByteString()
    this.#bytes += bytes.byteLength
    this.#add(bytes)
  }

  /** Strings are joined at no cost, so that a hundred answers are one string, one buffer and one write. */
  pushByteString(bytes: string): void {
    this.#bytes += bytes.length
    this.#byteString += bytes
  }

  #takeByteString(): void {
    if (this.#byteString === '') return
    this.#add(Buffer.from(this.#byteString, 'latin1'))
    this.#byteString = ''
  }

  #add(bytes: Uint8Array): void {
    if (!this.#first) this.#first = bytes
    else if (this.#more) this.#more.push(bytes)
    else this.#more = [bytes]
  }

  flush(): void {
    this.#takeByteString()
    const first = this.#first
    if (!first) return
    // A lone part goes as it is: it may be shared by thousands of sinks, and is not copied for any of them.
    const bytes = this.#more ? Buffer.concat([first, ...this.#more]) : first
    this.#first = undefined
    this.#more = undefined
    this.#bytes = 0
    if (!this.isGone) this.write(this.#stream, bytes)
    // A stream that takes everything at once, as a socket may, has nothing to drain and never says so.
    this.#change?.tell()
  }

  /** Hands bytes to the stream: as they are, unless the connection frames them. */
  protected write(stream: Writable, bytes: Uint8Array): void {
    stream.write(bytes)
  }

  get isBackedUp(): boolean {
    return this.#stream.writableLength + this.#bytes > sinkHighWaterMarkBytes
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded
  }

  /** Below its own mark a stream does not say when it is empty: so little is as good as taken. */
  get hasUntaken(): boolean {
    return this.#stream.writableNeedDrain && this.#stream.writableLength > 0
  }

  taken(): Promise<void> {
    return this.#whileIt('hasUntaken')
  }

  drained(): Promise<void> {
    return this.#whileIt('isBackedUp')
  }

  /** Waits as long as that is so, and there is a reader to wait for. */
  async #whileIt(state: 'hasUntaken' | 'isBackedUp'): Promise<void> {
    while (this[state] && !this.isGone) {
      this.#change ??= this.#nextChange()
      await this.#change.happened
    }
  }

  #nextChange() {
    const stream = this.#stream
    let resolve = () => {}
    const happened = new Promise<void>((settle) => {
      resolve = settle
    })
    const tell = () => {
      stream.off('drain', tell).off('close', tell)
      this.#change = undefined
      resolve()
    }
    stream.on('drain', tell).on('close', tell)
    return { happened, tell }
  }
}
