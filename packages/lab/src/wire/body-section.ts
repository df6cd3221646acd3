import { type ByteString, longestTracedBytes } from '@tidings/protocol'
import { ChunkedReader } from './chunked-reader.js'
import type { Output, Section } from './section.js'
import type { Stretch } from './stretch.js'
import type { Body, WireUnit } from './wire-unit.js'

type TellBody = (stretch: Stretch, body: Body, isComplete: boolean) => WireUnit

/** Gathers the content of a body, and tells the whole message at its end. */
abstract class BodySection implements Section {
  hasEnded = false
  readonly #tellBody: TellBody
  #payload: ByteString = ''
  #byteLength = 0
  #hasGap = false

  constructor(tellBody: TellBody) {
    this.#tellBody = tellBody
  }

  abstract take(bytes: ByteString, from: number, out: Output): number
  abstract skip(count: number, out: Output): number
  abstract end(out: Output): void

  protected keep(payload: ByteString): void {
    this.#byteLength += payload.length
    if (!this.#hasGap) this.#payload += payload.slice(0, longestTracedBytes - this.#payload.length)
  }

  protected keepMissing(count: number): void {
    this.#byteLength += count
    if (count > 0) this.#hasGap = true
  }

  protected finish(out: Output, isComplete: boolean): void {
    this.hasEnded = true
    const body = { payload: this.#payload, byteLength: this.#byteLength }
    out.tell((stretch) => this.#tellBody(stretch, body, isComplete))
  }
}

/** @see RFC 9112 §6.2 */
export class LengthBody extends BodySection {
  #left: number

  /** @param byteLength `Infinity` for a body that ends with its connection (RFC 9112 §6.3) */
  constructor(byteLength: number, tellBody: TellBody) {
    super(tellBody)
    this.#left = byteLength
  }

  /** A body of no bytes has ended before any came. */
  begin(out: Output): void {
    if (this.#left === 0) this.finish(out, true)
  }

  take(bytes: ByteString, from: number, out: Output): number {
    const until = Math.min(bytes.length, from + this.#left)
    const payload = bytes.slice(from, until)
    out.stretch.add(payload)
    this.keep(payload)
    this.#count(payload.length, out)
    return until
  }

  skip(count: number, out: Output): number {
    const own = Math.min(count, this.#left)
    out.stretch.skip(own)
    this.keepMissing(own)
    this.#count(own, out)
    return own
  }

  end(out: Output): void {
    this.finish(out, this.#left === Number.POSITIVE_INFINITY)
  }

  #count(taken: number, out: Output): void {
    this.#left -= taken
    if (this.#left === 0) this.finish(out, true)
  }
}

/** @see RFC 9112 §7.1 */
export class ChunkedBody extends BodySection {
  readonly #chunks = new ChunkedReader()

  take(bytes: ByteString, from: number, out: Output): number {
    const span = this.#chunks.next(bytes, from)
    const own = bytes.slice(from, span.end)
    if (span.name !== 'payload' && span.name !== 'unreadable') out.stretch.beginMark()
    out.stretch.add(own)
    if (span.name === 'payload') this.keep(own)
    else if (span.name !== 'unreadable' && span.isEnd) out.stretch.endMark(span.name)
    this.#look(out)
    return span.end
  }

  skip(count: number, out: Output): number {
    const own = this.#chunks.skip(count)
    out.stretch.skip(own)
    this.keepMissing(own)
    this.#look(out)
    return own
  }

  end(out: Output): void {
    this.finish(out, false)
  }

  #look(out: Output): void {
    if (this.#chunks.isDone) this.finish(out, true)
    else if (this.#chunks.isLost) this.finish(out, false)
  }
}
