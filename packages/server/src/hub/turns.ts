/**
 * Work that is done one at a time, in the order in which it was asked for. Readers of one connection that all
 * read from the log would else bring a read each at the same moment, however little the connection takes.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** @returns what the work does, once all that was asked for before is over */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }
}
