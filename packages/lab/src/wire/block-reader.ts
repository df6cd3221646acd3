import { type ByteString, longestTracedBytes } from '@tidings/protocol'

/**
 * Finds where the blocks of an event stream end, in a stream that is cut anywhere: also between the CR and the LF
 * of a line's end.
 *
 * @see HTML standard §9.2.5, §9.2.6
 */
export class BlockReader {
  /** What the present block holds, as far as it is kept. */
  payload: ByteString = ''
  isCut = false
  #state: 'open' | 'awaiting line feed' | 'complete' = 'open'
  #isAfterCarriageReturn = false
  #isLineEmpty = true
  #hasLines = false

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** A block that ends in CR is complete; an LF that follows would belong to it. */
  get awaitsLineFeed(): boolean {
    return this.#state === 'awaiting line feed'
  }

  get isEmpty(): boolean {
    return this.payload === '' && !this.isCut
  }

  /**
   * @param until behind the last byte that is the stream's
   * @returns where the block ended, when `isComplete`, or `until`
   */
  take(bytes: ByteString, from: number, until: number): number {
    const end = this.#find(bytes, from, until)
    this.#keep(bytes.slice(from, end))
    return end
  }

  /** So many bytes of the stream are not told. */
  skip(): void {
    this.isCut = true
    this.#state = 'open'
    this.#isAfterCarriageReturn = false
    this.#isLineEmpty = false
    this.#hasLines = true
  }

  /** Nothing more of the block will come. */
  complete(): void {
    this.#state = 'complete'
  }

  /** Goes on to the next block. */
  begin(): void {
    this.payload = ''
    this.isCut = false
    this.#state = 'open'
    this.#isLineEmpty = true
    this.#hasLines = false
  }

  #find(bytes: ByteString, from: number, until: number): number {
    let at = from
    while (at < until) {
      if (this.#isAfterCarriageReturn) {
        this.#isAfterCarriageReturn = false
        const isLineFeed = bytes[at] === '\n'
        if (isLineFeed) at += 1
        if (this.#state === 'awaiting line feed') {
          this.#state = 'complete'
          return at
        }
        if (isLineFeed) continue
      }
      const ending = indexOfLineEnd(bytes, at, until)
      if (ending > at) this.#isLineEmpty = false
      if (ending === until) return until
      at = ending + 1
      this.#isAfterCarriageReturn = bytes[ending] === '\r'
      if (this.#endLine()) {
        this.#state = this.#isAfterCarriageReturn ? 'awaiting line feed' : 'complete'
        if (this.#state === 'complete') return at
      }
    }
    return until
  }

  /** @returns whether the block ends with this line. Empty lines before a block are the next block's. */
  #endLine(): boolean {
    if (this.#isLineEmpty) return this.#hasLines
    this.#isLineEmpty = true
    this.#hasLines = true
    return false
  }

  #keep(bytes: ByteString): void {
    const room = longestTracedBytes - this.payload.length
    if (this.isCut) return
    if (bytes.length > room) this.isCut = true
    this.payload += bytes.slice(0, room)
  }
}

function indexOfLineEnd(bytes: ByteString, from: number, until: number): number {
  for (let at = from; at < until; at += 1) {
    const code = bytes.charCodeAt(at)
    if (code === 10 || code === 13) return at
  }
  return until
}
