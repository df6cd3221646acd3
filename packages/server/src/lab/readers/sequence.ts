/** What readers have heard, and what of it is wrong. */
export interface SequenceCounts {
  messages: number
  lost: number
  twice: number
  outOfOrder: number
}

/** What one reader has heard of numbers that grow by one, from the first that it heard. */
export class ReaderSequence implements SequenceCounts {
  lost = 0
  twice = 0
  outOfOrder = 0
  messages = 0
  #last: number | undefined

  take(n: number): void {
    this.messages++
    const last = this.#last
    if (last === undefined || n === last + 1) this.#last = n
    else if (n > last) {
      this.lost += n - last - 1
      this.#last = n
    } else if (n === last) this.twice++
    else this.outOfOrder++
  }

  addTo(sum: SequenceCounts): void {
    sum.messages += this.messages
    sum.lost += this.lost
    sum.twice += this.twice
    sum.outOfOrder += this.outOfOrder
  }
}
