import type { SpokenMessage, Way } from '@tidings/protocol'

/** Messages that are under way at once; past that the oldest counts as lost. */
const maxUnderWay = 200

/** What the page's user has said, until the lane that it was said in hears it again. */
export class Spoken {
  /** Ids of the messages under way. */
  readonly #underWay = new Set<string>()
  /** Unlike that of another page that hears the same channel. */
  readonly #prefix: string
  #count = 0

  /** @param random from 0 to 1 */
  constructor(random: () => number) {
    this.#prefix = Math.floor(random() * 36 ** 6).toString(36)
  }

  /** @param atMs by the page's clock */
  make(from: Way, text: string, atMs: number): SpokenMessage {
    this.#count += 1
    const id = `${this.#prefix}-${this.#count}`
    this.#underWay.add(id)
    if (this.#underWay.size > maxUnderWay) this.#forgetOldest()
    return { from, id, atMs, text }
  }

  /** It did not go up. */
  forget(message: SpokenMessage): void {
    this.#underWay.delete(message.id)
  }

  /**
   * @param way whose lane has heard the message
   * @returns how long it was under way, milliseconds; undefined when it is not that lane's, or was heard before
   */
  roundTripMs(way: Way, message: SpokenMessage, heardAtMs: number): number | undefined {
    if (message.from !== way || !this.#underWay.delete(message.id)) return undefined
    return heardAtMs - message.atMs
  }

  #forgetOldest(): void {
    for (const oldest of this.#underWay) {
      this.#underWay.delete(oldest)
      return
    }
  }
}
