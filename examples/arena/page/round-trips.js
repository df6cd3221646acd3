/** As many round trips as are looked at; and inputs whose answer is awaited. */
const maxRoundTrips = 9
const maxWaiting = 40

/**
 * How long it takes until a wish comes back as a state that knows it: up, through the game's next tick (up to 50 ms), and down.
 */
export class RoundTrips {
  /** Number of the input → when it was sent. */
  #sentAtMs = new Map()
  #roundTripsMs = []

  sent(number, nowMs) {
    this.#sentAtMs.set(number, nowMs)
    if (this.#sentAtMs.size > maxWaiting) this.#sentAtMs.delete(this.#sentAtMs.keys().next().value)
  }

  /** A state came that has seen inputs up to this number. */
  seen(upTo, nowMs) {
    for (const [number, sentAtMs] of this.#sentAtMs) {
      if (number > upTo) break
      this.#sentAtMs.delete(number)
      // Of several that came within one tick only the last is answered; the others waited for no fault of the network.
      if (number === upTo) this.#roundTripsMs.push(nowMs - sentAtMs)
    }
    if (this.#roundTripsMs.length > maxRoundTrips) this.#roundTripsMs.shift()
  }

  /** What was sent into a connection that broke is answered late or never: it says nothing of the next one. */
  forget() {
    this.#sentAtMs.clear()
    this.#roundTripsMs = []
  }

  /** Milliseconds; undefined before the first. */
  get medianMs() {
    const sorted = [...this.#roundTripsMs].sort((one, other) => one - other)
    return sorted[Math.floor(sorted.length / 2)]
  }
}
