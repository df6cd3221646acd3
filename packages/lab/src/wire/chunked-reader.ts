import type { ByteString } from '@tidings/protocol'
import type { ChunkMark } from './types.js'

/** A stretch of what came that is one thing to the chunked coding, or a part of it. */
export interface ChunkSpan {
  readonly name: ChunkMark['name'] | 'payload' | 'unreadable'
  readonly end: number
  /** The thing ends with this span. */
  readonly isEnd: boolean
}

/** Longest line of a chunk's size, with its extensions; a longer one is none. */
const longestSizeLine = 1_024
const sizeLine = /^([0-9a-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n$/i

/**
 * Follows the chunked coding of a body as it comes, cut anywhere.
 *
 *     size CRLF → data → CRLF → size CRLF → … → 0 CRLF → trailers → CRLF
 *
 * @see RFC 9112 §7.1
 */
export class ChunkedReader {
  #state: 'size' | 'data' | 'data end' | 'trailer' | 'done' | 'lost' = 'size'
  #line = ''
  #left = 0

  get isDone(): boolean {
    return this.#state === 'done'
  }

  get isLost(): boolean {
    return this.#state === 'lost'
  }

  /** Data that the present chunk still has, bytes. */
  get left(): number {
    return this.#left
  }

  /** @param at less than `bytes.length`; there must be more to come, as `isDone` tells */
  next(bytes: ByteString, at: number): ChunkSpan {
    if (this.#state === 'size') return this.#readSize(bytes, at)
    if (this.#state === 'data') return this.#readData(bytes, at)
    if (this.#state === 'data end') return this.#readDataEnd(bytes, at)
    if (this.#state === 'trailer') return this.#readTrailer(bytes, at)
    return { name: 'unreadable', end: bytes.length, isEnd: false }
  }

  /**
   * So many bytes are not told. Within a chunk's data they can be counted; beyond it nobody knows where the next
   * chunk begins.
   *
   * @returns how many of them were the chunk's data
   */
  skip(count: number): number {
    if (this.#state !== 'data') {
      this.#state = 'lost'
      return 0
    }
    const own = Math.min(count, this.#left)
    this.#left -= own
    if (own < count) this.#state = 'lost'
    else if (this.#left === 0) this.#state = 'data end'
    return own
  }

  /** Servers begin a write with a chunk: after what can't be read, the next write may be in step again. */
  findStep(bytes: ByteString): void {
    if (this.#state !== 'lost' || !/^[0-9a-f]{1,8}(?:;[^\r\n]*)?\r\n/i.test(bytes)) return
    this.#state = 'size'
    this.#line = ''
  }

  #readSize(bytes: ByteString, at: number): ChunkSpan {
    const { line, end } = this.#readLine(bytes, at)
    if (line === undefined) {
      if (this.#line.length > longestSizeLine) this.#state = 'lost'
      return { name: 'chunk size', end, isEnd: false }
    }
    const size = sizeLine.exec(line)?.[1]
    if (size === undefined) {
      this.#state = 'lost'
      return { name: 'unreadable', end, isEnd: false }
    }
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
    return { name: this.#left === 0 ? 'last chunk' : 'chunk size', end, isEnd: true }
  }

  #readData(bytes: ByteString, at: number): ChunkSpan {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#state = 'data end'
    return { name: 'payload', end, isEnd: this.#left === 0 }
  }

  #readDataEnd(bytes: ByteString, at: number): ChunkSpan {
    const { line, end } = this.#readLine(bytes, at)
    const seen = line ?? this.#line
    if (seen === '\r') return { name: 'chunk end', end, isEnd: false }
    if (seen === '\r\n' || seen === '\n') {
      this.#state = 'size'
      return { name: 'chunk end', end, isEnd: true }
    }
    this.#state = 'lost'
    return { name: 'unreadable', end, isEnd: false }
  }

  #readTrailer(bytes: ByteString, at: number): ChunkSpan {
    const { line, end } = this.#readLine(bytes, at)
    if (line === undefined) {
      if (this.#line.length > longestSizeLine) this.#state = 'lost'
      return { name: 'trailer', end, isEnd: false }
    }
    if (line === '\r\n' || line === '\n') this.#state = 'done'
    return { name: 'trailer', end, isEnd: this.#state === 'done' }
  }

  /** The line is told when its end has come. */
  #readLine(bytes: ByteString, at: number): { line: ByteString | undefined; end: number } {
    const lineFeed = bytes.indexOf('\n', at)
    const end = lineFeed === -1 ? bytes.length : lineFeed + 1
    this.#line += bytes.slice(at, end)
    if (lineFeed === -1) return { line: undefined, end }
    const line = this.#line
    this.#line = ''
    return { line, end }
  }
}
