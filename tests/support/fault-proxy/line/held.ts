import type { Socket } from 'node:net'
import type { Weather } from '../faults.js'
import { lineFaults } from './index.js'
import type { Course, Passing } from './line-fault.js'

/** What one direction of a connection holds at most, bytes; past that its source is not read. */
const maxHeldBytes = 256 * 1024

/** One direction of a connection: bytes go on in their order, as the faults of the moment let them. */
export class Held {
  readonly #from: Socket
  readonly #to: Socket
  readonly #weather: Weather
  readonly #course: Course
  readonly #held: { readonly passing: Passing | undefined; readonly dueMs: number }[] = []
  #heldBytes = 0
  #isOver = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, course: Course, weather: Weather) {
    this.#from = from
    this.#to = to
    this.#course = course
    this.#weather = weather
    from.on('data', (bytes: Buffer) => this.#take(bytes)).on('end', () => this.#hold(undefined, 0))
    to.on('drain', () => this.go())
  }

  stop(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#held.length = 0
  }

  /** Passes on what may pass by now. */
  go(): void {
    clearTimeout(this.#timer)
    if (!lineFaults.every(({ mayGoOn }) => mayGoOn?.(this.#weather.faults) ?? true)) return
    for (let first = this.#held[0]; first && !this.#isOver; first = this.#held[0]) {
      const restMs = first.dueMs - performance.now()
      if (restMs > 0) {
        this.#timer = setTimeout(() => this.go(), Math.ceil(restMs))
        return
      }
      // The other side reads slowly: no more is held for it than a network would.
      if (this.#to.writableNeedDrain) return
      this.#held.shift()
      this.#pass(first.passing)
    }
    if (this.#from.isPaused()) this.#from.resume()
  }

  #take(bytes: Buffer): void {
    const { faults } = this.#weather
    let passings: readonly Passing[] = [{ bytes, delayMs: 0 }]
    for (const { take } of lineFaults) {
      if (take) passings = passings.flatMap((passing) => take(passing, this.#course, faults))
    }
    if (this.#course.isLost) this.#weather.lostBytes += bytes.length
    for (const passing of passings) this.#hold(passing, passing.delayMs)
    if (this.#heldBytes > maxHeldBytes) this.#from.pause()
  }

  /** @param passing undefined for the end, which is lost as bytes are */
  #hold(passing: Passing | undefined, delayMs: number): void {
    if (this.#course.isLost && !passing) return
    const lastMs = this.#held.at(-1)?.dueMs ?? 0
    this.#held.push({ passing, dueMs: Math.max(lastMs, performance.now() + delayMs) })
    this.#heldBytes += passing?.bytes.length ?? 0
    this.go()
  }

  #pass(passing: Passing | undefined): void {
    if (!passing) {
      this.#to.end()
      return
    }
    this.#heldBytes -= passing.bytes.length
    this.#to.write(passing.bytes)
    if (!passing.isLast) return
    this.stop()
    this.#to.destroySoon()
  }
}
