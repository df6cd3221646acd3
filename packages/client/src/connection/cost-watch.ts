import type { Way } from '@tidings/protocol'
import { affordableWays, hiddenIntervalMs } from '../choosing/cost-policy.js'
import type { Clock } from '../time/clock.js'
import type { Surrounding } from './surroundings.js'

/** How often it is looked what is worth its cost, milliseconds. */
const lookMs = 10_000

/** Over which messages are averaged, milliseconds. */
const averageMs = 60_000

/** `policy: 'cost'`: watches how the client is used, and says which ways may be. */
export class CostWatch {
  readonly #clock: Clock
  readonly #wished: readonly Way[]
  readonly #use: (ways: readonly Way[], intervalMs: number | undefined) => void
  #ways: readonly Way[] = []
  #perMinute = 0
  #lookedAtMs: number
  #heardAtMs: number
  #hiddenAtMs: number | undefined
  #cancel = () => {}

  /** @param use told at once, and when it changes; the interval is for pages that nobody sees */
  constructor(
    clock: Clock,
    wished: readonly Way[],
    use: (ways: readonly Way[], intervalMs: number | undefined) => void,
  ) {
    this.#clock = clock
    this.#wished = wished
    this.#use = use
    this.#lookedAtMs = this.#heardAtMs = clock.now()
    this.look()
  }

  heard(messages: number): void {
    this.#perMinute += messages
    this.#heardAtMs = this.#clock.now()
  }

  surrounding(type: Surrounding): void {
    if (type === 'hidden') this.#hiddenAtMs ??= this.#clock.now()
    if (type === 'woke') this.#hiddenAtMs = undefined
    this.look()
  }

  /** Until the next look. */
  stop(): void {
    this.#cancel()
  }

  look(): void {
    const now = this.#clock.now()
    const hiddenMs = this.#hiddenAtMs === undefined ? 0 : now - this.#hiddenAtMs
    this.#perMinute *= Math.exp((this.#lookedAtMs - now) / averageMs)
    this.#lookedAtMs = now
    const usage = { hiddenMs, messagesPerMinute: this.#perMinute, idleMs: now - this.#heardAtMs }
    const ways = affordableWays(this.#wished, usage, this.#ways)
    if (ways !== this.#ways) {
      this.#ways = ways
      this.#use(ways, hiddenMs > 0 ? hiddenIntervalMs : undefined)
    }
    this.#cancel()
    this.#cancel = this.#clock.after(lookMs, () => this.look())
  }
}
