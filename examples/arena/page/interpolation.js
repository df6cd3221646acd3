import { tickMs } from './rules.js'

/** The game is shown so long after it happened: two ticks, so that one may come late. Milliseconds. */
export const delayMs = 2 * tickMs

/** Two seconds of arrivals say how the server's ticks and this page's clock go together. */
const maxArrivals = 40
/** What is shown lies between two states; a few more for a page that was busy. */
const maxStates = 12
/** Ticks that are so much off are those of a game that paused or began anew, milliseconds. */
const jumpMs = 1_000

/**
 * States come twenty times a second, and never quite evenly; a screen shows sixty pictures. So each picture is of a moment
 * between two states, and everything stands where it was on its way from the one to the other.
 */
export class Interpolation {
  #states = []
  /** When each of the latest ticks came, minus when it was due by the server's count; milliseconds. */
  #arrivals = []

  /** @param {number} nowMs  when it came, by the clock that `at` is asked with */
  add(state, nowMs) {
    const arrival = nowMs - state.tick * tickMs
    if (this.#arrivals.length > 0 && Math.abs(arrival - this.#offsetMs) > jumpMs) {
      this.#arrivals = []
      this.#states = []
    }
    this.#arrivals.push(arrival)
    this.#states.push(state)
    if (this.#arrivals.length > maxArrivals) this.#arrivals.shift()
    if (this.#states.length > maxStates) this.#states.shift()
  }

  /** @returns the game as it is shown at `nowMs`; undefined before the first state */
  at(nowMs) {
    const newest = this.#states.at(-1)
    if (newest === undefined) return undefined
    const tick = (nowMs - this.#offsetMs - delayMs) / tickMs
    const after = this.#states.find((state) => state.tick >= tick)
    // Nothing newer came: everything waits where it is, rather than to run on and be put back.
    if (after === undefined) return newest
    const before = this.#states[this.#states.indexOf(after) - 1] ?? after
    const part = before === after ? 1 : (tick - before.tick) / (after.tick - before.tick)
    const earlier = new Map(before.players.map((player) => [player.id, player]))
    const players = after.players.map((player) => between(earlier.get(player.id) ?? player, player, part))
    return { ...after, players }
  }

  /** The arrival that was delayed least is the nearest to the truth. */
  get #offsetMs() {
    return Math.min(...this.#arrivals)
  }
}

function between(earlier, later, part) {
  const along = (name) => earlier[name] + (later[name] - earlier[name]) * part
  return { ...later, x: along('x'), y: along('y') }
}
