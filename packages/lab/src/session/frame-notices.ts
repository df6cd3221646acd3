/** Tells of changes at most once per animation frame, however many there were. */
export class FrameNotices {
  readonly #requestFrame: (callback: () => void) => void
  readonly #callbacks = new Set<() => void>()
  #isDue = false

  /** @param requestFrame as `requestAnimationFrame`: calls back before the next paint */
  constructor(requestFrame: (callback: () => void) => void) {
    this.#requestFrame = requestFrame
  }

  /** @returns what ends it */
  add(callback: () => void): () => void {
    this.#callbacks.add(callback)
    return () => this.#callbacks.delete(callback)
  }

  readonly changed = (): void => {
    if (this.#isDue) return
    this.#isDue = true
    this.#requestFrame(() => {
      this.#isDue = false
      for (const callback of [...this.#callbacks]) callback()
    })
  }
}
