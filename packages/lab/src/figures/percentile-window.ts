/**
 * Percentiles of the latest so many numbers, by nearest rank. They are kept in order as they come, so that a look
 * costs nothing: pictures look sixty times a second.
 */
export class PercentileWindow {
  readonly #size: number
  /** In the order in which they came, round and round. */
  readonly #latest: Float64Array
  readonly #sorted: Float64Array
  #count = 0
  #next = 0

  constructor(size: number) {
    this.#size = size
    this.#latest = new Float64Array(size)
    this.#sorted = new Float64Array(size)
  }

  add(number: number): void {
    if (Number.isNaN(number)) return
    if (this.#count === this.#size) this.#remove(this.#latest[this.#next] as number)
    this.#latest[this.#next] = number
    this.#next = (this.#next + 1) % this.#size
    const at = this.#rankOf(number)
    this.#sorted.copyWithin(at + 1, at, this.#count)
    this.#sorted[at] = number
    this.#count += 1
  }

  /** @param percent 0 to 100. @returns undefined before the first number */
  percentile(percent: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.ceil((percent / 100) * this.#count)
    return this.#sorted[Math.min(this.#count, Math.max(1, rank)) - 1]
  }

  #remove(number: number): void {
    const at = this.#rankOf(number)
    this.#sorted.copyWithin(at, at + 1, this.#count)
    this.#count -= 1
  }

  /** How many of them are smaller. */
  #rankOf(number: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] as number) < number) low = middle + 1
      else high = middle
    }
    return low
  }
}
