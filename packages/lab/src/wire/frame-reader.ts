import type { ByteString } from '@tidings/protocol'
import { type FrameHeader, parseFrameHeader } from './frame.js'

const longestHeader = 14

/** Finds where WebSocket frames end, in bytes that are cut anywhere. @see RFC 6455 §5.2 */
export class FrameReader {
  header: FrameHeader | undefined
  #state: 'header' | 'payload' | 'complete' | 'lost' = 'header'
  #headerBytes = ''
  #left = 0

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  get isLost(): boolean {
    return this.#state === 'lost'
  }

  /** @returns where the frame ended, when `isComplete`, or the end of `bytes` */
  take(bytes: ByteString, from: number): number {
    if (this.#state === 'lost') return bytes.length
    let at = from
    if (this.#state === 'header') at = this.#takeHeader(bytes, from)
    if (this.#state !== 'payload') return at
    const end = Math.min(bytes.length, at + this.#left)
    this.#count(end - at)
    return end
  }

  /** So many bytes are not told. @returns how many of them were the frame's */
  skip(count: number): number {
    if (this.#state !== 'payload') {
      this.#state = 'lost'
      return count
    }
    const own = Math.min(count, this.#left)
    this.#count(own)
    if (own < count) this.#state = 'lost'
    return own
  }

  #takeHeader(bytes: ByteString, from: number): number {
    const before = this.#headerBytes.length
    this.#headerBytes += bytes.slice(from, from + longestHeader - before)
    const header = parseFrameHeader(this.#headerBytes)
    if (header === undefined) return bytes.length
    if (header === 'unreadable') {
      this.#state = 'lost'
      return bytes.length
    }
    this.header = header
    this.#left = header.payloadLength
    this.#state = 'payload'
    this.#count(0)
    return from + header.byteLength - before
  }

  #count(taken: number): void {
    this.#left -= taken
    if (this.#left === 0) this.#state = 'complete'
  }
}
