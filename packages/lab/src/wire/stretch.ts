import { type ByteString, longestTracedBytes } from '@tidings/protocol'
import type { ChunkMark } from './types.js'

/** The bytes that belong to one thing (an answer, an event, a frame), gathered as they come. */
export class Stretch {
  readonly firstAtMs: number
  /** All, or as many of the first as are kept: nothing is missing between them. */
  bytes: ByteString = ''
  byteLength = 0
  readonly chunkMarks: ChunkMark[] = []
  #hasGap = false
  #markAt: number | undefined

  constructor(firstAtMs: number) {
    this.firstAtMs = firstAtMs
  }

  get isCut(): boolean {
    return this.byteLength > this.bytes.length
  }

  add(bytes: ByteString): void {
    this.byteLength += bytes.length
    const room = longestTracedBytes - this.bytes.length
    if (this.#hasGap || room === 0) return
    this.bytes += bytes.length > room ? bytes.slice(0, room) : bytes
  }

  /** So many bytes were sent that the trace does not tell. */
  skip(count: number): void {
    this.byteLength += count
    this.#hasGap = true
  }

  beginMark(): void {
    this.#markAt ??= this.byteLength
  }

  endMark(name: ChunkMark['name']): void {
    const at = this.#markAt
    this.#markAt = undefined
    if (at === undefined || at >= this.bytes.length) return
    this.chunkMarks.push({ name, at, length: Math.min(this.byteLength, this.bytes.length) - at })
  }
}
