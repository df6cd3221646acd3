import type { Duplex } from 'node:stream'

/** What one direction holds back at most, bytes; past that its source is not read. */
const maxHeldBytes = 1024 * 1024
/** What a piece counts for at least, bytes: a byte by itself takes as much memory. */
const leastPieceBytes = 256

/** How a direction treats what passes it, as it is now. */
export interface Treatment {
  readonly delayMs: number
  /** Nothing passes before the end. */
  readonly keepsAll: boolean
}

/**
 * One direction of a connection over the line: pieces go on in their order, each held up for so long as was said when
 * it came, or all of them until the end.
 */
export class HeldPieces {
  readonly #from: Duplex
  readonly #to: Duplex
  readonly #treatment: () => Treatment
  readonly #onKept: () => void
  readonly #held: { readonly bytes: Buffer | undefined; readonly dueMs: number }[] = []
  #heldBytes = 0
  /** Some wait for what comes behind them. */
  #isKeeping = false
  #timer: NodeJS.Timeout | undefined

  /** @param onKept called for each piece that waits for the end */
  constructor(from: Duplex, to: Duplex, treatment: () => Treatment, onKept: () => void) {
    this.#from = from
    this.#to = to
    this.#treatment = treatment
    this.#onKept = onKept
    from.on('data', (bytes: Buffer) => this.#take(bytes)).on('end', () => this.#take(undefined))
    to.on('drain', () => this.#go())
    to.once('close', () => this.#stop())
    from.once('close', () => {
      if (!from.readableEnded) this.#stop()
    })
  }

  /** Puts bytes before what is still to come. */
  put(bytes: Buffer): void {
    this.#take(bytes)
  }

  /** @param bytes undefined for the end */
  #take(bytes: Buffer | undefined): void {
    const { delayMs, keepsAll } = this.#treatment()
    const isKept = keepsAll && bytes !== undefined && this.#heldBytes < maxHeldBytes
    if (isKept) {
      this.#isKeeping = true
      this.#onKept()
    }
    this.#held.push({ bytes, dueMs: isKept ? Number.POSITIVE_INFINITY : performance.now() + delayMs })
    this.#heldBytes += weightOf(bytes)
    // Not a look at all that is held for each piece of a line that only delays.
    if (!isKept && this.#isKeeping) this.#release()
    this.#go()
    if (this.#heldBytes > maxHeldBytes) this.#from.pause()
  }

  /** What comes behind what was kept lets it go: the end does, and too much of it. */
  #release(): void {
    this.#isKeeping = false
    const last = this.#held.at(-1)
    if (!last) return
    for (const [index, piece] of this.#held.entries())
      if (piece.dueMs === Number.POSITIVE_INFINITY) this.#held[index] = { ...piece, dueMs: last.dueMs }
  }

  #go(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const nowMs = performance.now()
    for (let first = this.#held[0]; first; first = this.#held[0]) {
      if (first.dueMs > nowMs) {
        if (first.dueMs !== Number.POSITIVE_INFINITY)
          this.#timer = setTimeout(() => this.#go(), Math.ceil(first.dueMs - nowMs))
        return
      }
      // The other side reads slowly: the line holds no more for it than it would for itself.
      if (first.bytes && this.#to.writableNeedDrain) return
      this.#held.shift()
      if (!first.bytes) this.#to.end()
      else {
        this.#heldBytes -= weightOf(first.bytes)
        this.#to.write(first.bytes)
      }
    }
    if (this.#from.isPaused()) this.#from.resume()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#held.length = 0
    this.#heldBytes = 0
  }
}

function weightOf(bytes: Buffer | undefined): number {
  return bytes ? Math.max(leastPieceBytes, bytes.byteLength) : 0
}
