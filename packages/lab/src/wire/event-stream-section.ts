import type { ByteString } from '@tidings/protocol'
import { BlockReader } from './block-reader.js'
import { ChunkedReader } from './chunked-reader.js'
import { parseBlock } from './event-block.js'
import type { Output, Section } from './section.js'

/**
 * The blocks of an event stream, in chunks or until the connection's end. A chunk's own bytes belong to the block
 * that stands behind them, its end to the block that ends with it.
 */
export class EventStreamSection implements Section {
  hasEnded = false
  readonly #chunks: ChunkedReader | undefined
  readonly #block = new BlockReader()

  constructor(isChunked: boolean) {
    this.#chunks = isChunked ? new ChunkedReader() : undefined
  }

  take(bytes: ByteString, from: number, out: Output): number {
    if (this.#chunks === undefined) return this.#takePayload(bytes, from, bytes.length, out)
    const leftBefore = this.#chunks.left
    if (leftBefore > 0) {
      const until = Math.min(bytes.length, from + leftBefore)
      // The block may end before the chunk does: the chunk is counted as far as the block was.
      return this.#takePayload(bytes, from, until, out, leftBefore)
    }
    const span = this.#chunks.next(bytes, from)
    if (span.name !== 'unreadable') out.stretch.beginMark()
    out.stretch.add(bytes.slice(from, span.end))
    if (span.name !== 'payload' && span.name !== 'unreadable' && span.isEnd) out.stretch.endMark(span.name)
    this.#lookAtChunks(span.name === 'chunk end' && span.isEnd, out)
    return span.end
  }

  skip(count: number, out: Output): number {
    if (this.#chunks === undefined) {
      out.stretch.skip(count)
      this.#block.skip()
      return count
    }
    if (this.#block.isComplete) this.#tellBlock(out, true)
    this.#chunks.skip(count)
    out.stretch.skip(count)
    this.#block.skip()
    if (this.#chunks.isLost) this.#tellCut(out)
    // Whoever writes a chunk ends it with a block: what is missing holds the end of one at least.
    else if (this.#chunks.left === 0) this.#block.complete()
    return count
  }

  beginWrite(bytes: ByteString, out: Output): void {
    if (this.#chunks?.isLost !== true) return
    if (!out.isStretchEmpty) this.#tellUnreadable(out)
    this.#chunks.findStep(bytes)
  }

  end(out: Output): void {
    this.hasEnded = true
    if (out.isStretchEmpty) return
    if (this.#chunks?.isLost === true) this.#tellUnreadable(out)
    else this.#tellBlock(out, this.#block.awaitsLineFeed || this.#block.isComplete)
  }

  #takePayload(bytes: ByteString, from: number, until: number, out: Output, left = 0): number {
    const end = this.#block.take(bytes, from, until)
    const own = bytes.slice(from, end)
    if (this.#chunks !== undefined && own !== '') this.#chunks.next(own, 0)
    out.stretch.add(own)
    const isChunkOver = this.#chunks !== undefined && end - from === left
    if (isChunkOver && this.#block.awaitsLineFeed) this.#block.complete()
    if (this.#block.isComplete && !isChunkOver) this.#tellBlock(out, true)
    return end
  }

  #lookAtChunks(isChunkEnd: boolean, out: Output): void {
    if (isChunkEnd && this.#block.isComplete) this.#tellBlock(out, true)
    if (this.#chunks?.isDone === true) {
      this.hasEnded = true
      if (!this.#block.isEmpty) this.#tellBlock(out, false)
      else out.tell((stretch) => ({ kind: 'last chunk', stretch }))
    }
  }

  #tellBlock(out: Output, isComplete: boolean): void {
    const block = parseBlock(this.#block.payload)
    const { isCut } = this.#block
    out.tell((stretch) => ({ kind: 'block', block, isCut, isComplete, stretch }))
    this.#block.begin()
  }

  /** Where the next chunk begins is not known. */
  #tellCut(out: Output): void {
    if (this.#block.payload === '') this.#tellUnreadable(out)
    else this.#tellBlock(out, true)
  }

  #tellUnreadable(out: Output): void {
    out.tell((stretch) => ({ kind: 'unreadable', stretch }))
    this.#block.begin()
  }
}
