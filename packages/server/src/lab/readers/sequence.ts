/** What one reader has heard of numbers that grow by one, from the first that it heard. */
export class ReaderSequence {
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
}
