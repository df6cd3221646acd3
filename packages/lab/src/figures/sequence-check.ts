/** Stretches of missing numbers that are remembered; past it the oldest count as lost for good. */
const maxGaps = 1_024

/** Numbers from `from` to `to`, both of them too. */
interface Gap {
  from: number
  to: number
}

/**
 * Whether messages that were numbered from 1 have all come, once and in order. It joins at the first number that it
 * hears: what was before is nobody's loss.
 *
 * Holds at most `maxGaps` gaps, whatever comes; a number of a gap that was forgotten stays lost, and counts as twice
 * should it come after all.
 */
export class SequenceCheck {
  #first: number | undefined
  #next = 0
  /** In order. */
  readonly #gaps: Gap[] = []
  #heard = 0
  #lost = 0
  #twice = 0
  #outOfOrder = 0

  /** All that came, repetitions too. */
  get heard(): number {
    return this.#heard
  }

  /** Numbers that were skipped, and have not come since. */
  get lost(): number {
    return this.#lost
  }

  get twice(): number {
    return this.#twice
  }

  /** Came for the first time, after a higher number. */
  get outOfOrder(): number {
    return this.#outOfOrder
  }

  hear(n: number): void {
    this.#heard += 1
    if (this.#first === undefined) {
      this.#first = n
      this.#next = n + 1
    } else if (n >= this.#next) this.#goTo(n)
    else if (n < this.#first) this.#joinBefore(n, this.#first)
    else if (this.#fill(n)) {
      this.#lost -= 1
      this.#outOfOrder += 1
    } else this.#twice += 1
  }

  #goTo(n: number): void {
    if (n > this.#next) {
      this.#lost += n - this.#next
      this.#gaps.push({ from: this.#next, to: n - 1 })
      this.#forgetOldest()
    }
    this.#next = n + 1
  }

  /** It came late, so it was there to be heard: and so was what lies between. */
  #joinBefore(n: number, first: number): void {
    this.#outOfOrder += 1
    this.#first = n
    if (first - n === 1) return
    this.#lost += first - n - 1
    this.#gaps.unshift({ from: n + 1, to: first - 1 })
    this.#forgetOldest()
  }

  #forgetOldest(): void {
    if (this.#gaps.length > maxGaps) this.#gaps.shift()
  }

  /** @returns whether it was missing */
  #fill(n: number): boolean {
    const index = this.#indexOfGap(n)
    const gap = this.#gaps[index]
    if (gap === undefined || n < gap.from) return false
    if (gap.from === gap.to) this.#gaps.splice(index, 1)
    else if (n === gap.from) gap.from += 1
    else if (n === gap.to) gap.to -= 1
    else {
      this.#gaps.splice(index, 1, { from: gap.from, to: n - 1 }, { from: n + 1, to: gap.to })
      this.#forgetOldest()
    }
    return true
  }

  /** Of the first gap that ends at `n` or behind it. */
  #indexOfGap(n: number): number {
    let low = 0
    let high = this.#gaps.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#gaps[middle] as Gap).to < n) low = middle + 1
      else high = middle
    }
    return low
  }
}
