/**
 * What the bodies of all requests may hold in memory together. Counted as they arrive: what is announced and
 * not sent takes nothing from others.
 */
export class BodyBudget {
  readonly maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** @returns false, and takes nothing, when there is no room for so many more bytes */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.maxBytes) return false
    this.#bytes += bytes
    return true
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }
}
