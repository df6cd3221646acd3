import type { ClockEstimate } from '../record/types.js'

/** Round trips that are looked at: older ones say nothing of clocks that drift. */
const maxSamples = 8

/**
 * How the page's clock stands to the server's: the server's time came back on a round trip, and was taken somewhere
 * between its two ends. The quickest round trip of the last eight leaves the least room for where.
 *
 * @see RFC 5905 §8: offset and delay of an NTP exchange; here the server answers at once
 */
export class ClockSamples {
  readonly #samples: ClockEstimate[] = []

  /**
   * @param askedAtMs when it was asked, by the page's clock
   * @param serverAtMs the answer
   * @param heardAtMs when that came, by the page's clock
   */
  take(askedAtMs: number, serverAtMs: number, heardAtMs: number): void {
    this.#samples.push({
      offsetMs: serverAtMs - (askedAtMs + heardAtMs) / 2,
      errorMs: Math.max(0, heardAtMs - askedAtMs) / 2,
    })
    if (this.#samples.length > maxSamples) this.#samples.shift()
  }

  /** Undefined before the first sample. Of equally quick ones the latest. */
  get estimate(): ClockEstimate | undefined {
    let best: ClockEstimate | undefined
    for (const sample of this.#samples) {
      if (best === undefined || sample.errorMs <= best.errorMs) best = sample
    }
    return best
  }
}
