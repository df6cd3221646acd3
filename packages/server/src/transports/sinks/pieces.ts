const noBytes = Buffer.alloc(0)

/** Room that is taken at first for what comes in pieces, bytes. */
const firstRoomBytes = 4 * 1024

/**
 * Bytes that come in pieces, each copied behind the ones before: a piece costs its bytes, and holds nothing of
 * the chunk that it came in. The room doubles as they come, so it is never more than twice of them.
 */
export class Pieces {
  readonly #mostBytes: number
  #room = noBytes
  byteLength = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  add(piece: Buffer): void {
    const needed = this.byteLength + piece.byteLength
    if (needed > this.#room.byteLength) {
      const room = Buffer.allocUnsafeSlow(Math.min(this.#mostBytes, Math.max(firstRoomBytes, 2 * needed)))
      this.#room.copy(room, 0, 0, this.byteLength)
      this.#room = room
    }
    piece.copy(this.#room, this.byteLength)
    this.byteLength = needed
  }

  get joined(): Buffer {
    return this.#room.subarray(0, this.byteLength)
  }
}
