/** A commit begins when this part of those it waits for has come: one that is slow must not keep the others waiting. */
const awaitedPart = 0.9
/** … or after so long, milliseconds: about what a disk takes to flush. As long after they were told they are given up. */
const mostWaitMs = 2
/** Publishers of two commits from which on they are waited for, however seldom they come. */
const manyPublishers = 8
/** … of fewer only when so many come within a wait: below, it saves little, and the next one may be of somebody else. */
const worthwhileArrivals = 3
/** How often publishers come is counted over at least this, milliseconds. */
const paceMs = 20

/** When it is, and what comes later: its own in tests. */
export interface GatheringClock {
  /** Milliseconds since whenever. */
  now(): number
  /** @returns what calls it off */
  after(ms: number, act: () => void): () => void
  /** After this turn's input. */
  afterTurn(act: () => void): void
}

const systemClock: GatheringClock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
  afterTurn: (act) => void setImmediate(act),
}

/**
 * When the next commit begins. A commit costs about 0.3 ms of CPU, however much it keeps: the flush of the disk, and
 * the way to another thread and back. So a commit waits a little, where that brings others:
 *
 * - Publishers who wait for each acknowledgement fall apart into two halves, one of which is kept while the other is
 *   told. A commit waits for those who were just told to come again, and both halves are one: of 100 of them an append
 *   costs a quarter less CPU, and is kept no later.
 * - Of publishers who do not wait for each other, 1,500 a second and more, it waits for those of the next 2 ms.
 *
 * Nobody waits where there is only one publisher, or few messages: the disk is idle then, and a commit begins at once.
 */
export class Gathering {
  readonly #begin: () => void
  readonly #clock: GatheringClock
  #isScheduled = false
  #stopWaiting: (() => void) | undefined
  /** Publishers that are worth waiting for. */
  #awaited = 0
  /** … and come no more after this. */
  #untilMs = 0
  /** Publishers who came within a wait, lately. */
  #arrivals = 0
  #countedSinceMs: number
  #counted = 0

  constructor(begin: () => void, clock = systemClock) {
    this.#begin = begin
    this.#clock = clock
    this.#countedSinceMs = clock.now()
  }

  /**
   * A commit was kept.
   *
   * @param told     publishers who are about to hear it
   * @param waiting  publishers who came meanwhile, and wait for the next one
   */
  kept(told: number, waiting: number): void {
    const now = this.#clock.now()
    this.#count(told, now)
    // One that is alone is all of them, and waits for nobody: of others, one would have come during the commit.
    const publishers = told + waiting
    const isWorthwhile = publishers >= manyPublishers || this.#arrivals >= worthwhileArrivals
    this.#awaited = isWorthwhile ? publishers * awaitedPart : 0
    this.#untilMs = now + mostWaitMs
  }

  /** A commit was kept that cost next to nothing: the next one begins at once. */
  keptCheaply(): void {
    this.#awaited = 0
  }

  /** There is something to keep, and so many publishers wait for it. */
  schedule(publishers: number): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    const isWorthWaiting = publishers < this.#awaited && this.#clock.now() < this.#untilMs
    if (isWorthWaiting) this.#stopWaiting = this.#clock.after(mostWaitMs, this.#beginNow)
    else this.#beginAfterTurn()
  }

  /** One more publisher waits. */
  came(publishers: number): void {
    if (!this.#stopWaiting || publishers < this.#awaited) return
    this.#stopWaiting()
    this.#stopWaiting = undefined
    this.#beginAfterTurn()
  }

  #count(publishers: number, now: number): void {
    this.#counted += publishers
    const countedMs = now - this.#countedSinceMs
    if (countedMs < paceMs) return
    this.#arrivals = (this.#counted / countedMs) * mostWaitMs
    this.#counted = 0
    this.#countedSinceMs = now
  }

  /** All appends that arrived together are one commit. An idle loop runs this at once. */
  #beginAfterTurn(): void {
    this.#clock.afterTurn(this.#beginNow)
  }

  readonly #beginNow = (): void => {
    this.#stopWaiting = undefined
    this.#isScheduled = false
    this.#begin()
  }
}
