import { setImmediate as nextTurn } from 'node:timers/promises'

/** Small parts of work that may hold the event loop together: about 2 ms of it. */
const partsPerTurn = 100

/**
 * Lets others have their turn, for work of many small parts of which each is too small to wait after it. It
 * counts and looks at no clock: where parts wait, others work in between, and their time is not ours.
 */
export class Pace {
  #parts = 0

  /** To be awaited after work that weighs as much as so many parts: the next turn of the event loop, if it is due. */
  async breathe(parts: number): Promise<void> {
    this.#parts += parts
    if (this.#parts < partsPerTurn) return
    this.#parts = 0
    await nextTurn()
  }
}
