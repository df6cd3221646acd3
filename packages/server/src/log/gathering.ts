/** Publishers of two commits below which nobody is waited for: where few append, the next one may be of somebody else. */
const fewestPublishers = 8
/** A commit begins when this part of them has come: one that is slow must not keep the others waiting. */
const awaitedPart = 0.9
/** … or after so long, milliseconds: about what a disk takes to flush. As long after they were told they are given up. */
const mostWaitMs = 2

/**
 * When the next commit begins. A commit costs about 0.5 ms of CPU, however much it keeps, and most of that is the
 * flush of the disk. Publishers who wait for each acknowledgement fall apart into two halves, one of which is kept
 * while the other is told. So a commit waits for those who were just told to come again, and both halves are one:
 * of 100 of them an append costs a quarter less CPU, and is kept no later.
 */
export class Gathering {
  readonly #begin: () => void
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined
  /** Publishers that are worth waiting for. */
  #awaited = 0
  /** … and come no more after this, by `performance.now`. */
  #untilMs = 0

  constructor(begin: () => void) {
    this.#begin = begin
  }

  /**
   * A commit was kept.
   *
   * @param publishers whom it is about to tell, and who wait for the next one
   */
  kept(publishers: number): void {
    this.#awaited = publishers < fewestPublishers ? 0 : publishers * awaitedPart
    this.#untilMs = performance.now() + mostWaitMs
  }

  /** There is something to keep, and so many publishers wait for it. */
  schedule(publishers: number): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    const isWorthWaiting = publishers < this.#awaited && performance.now() < this.#untilMs
    if (isWorthWaiting) this.#timer = setTimeout(this.#beginNow, mostWaitMs)
    else this.#beginAfterTurn()
  }

  /** One more publisher waits. */
  came(publishers: number): void {
    if (!this.#timer || publishers < this.#awaited) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#beginAfterTurn()
  }

  /** After this turn's input: all appends that arrived together are one commit. An idle loop runs this at once. */
  #beginAfterTurn(): void {
    setImmediate(this.#beginNow)
  }

  readonly #beginNow = (): void => {
    this.#timer = undefined
    this.#isScheduled = false
    this.#begin()
  }
}
