import { Channel } from './channel.js'
import type { Engine } from './engine.js'

/** Channels held in memory, used or not; past this, idle ones are let go of, since the engine has them. */
const defaultMaxHeldChannels = 100_000
/** Held channels that one look-up considers to let go of, so that none waits for a sweep. */
const looksPerLookUp = 4

/** The channels by name: one object for each, however many ask, from memory or from the engine. */
export class ChannelDirectory {
  readonly #engine: Engine
  readonly #now: () => number
  readonly #maxHeldChannels: number
  readonly #held = new Map<string, Channel>()
  /** Those of the held that end by themselves: they are not let go of. */
  readonly #withLifetime = new Set<Channel>()
  /** Removed, but the engine does not know yet. */
  readonly #leaving = new Map<string, Channel>()

  constructor(options: { engine: Engine; now: () => number; maxHeldChannels?: number }) {
    this.#engine = options.engine
    this.#now = options.now
    this.#maxHeldChannels = options.maxHeldChannels ?? defaultMaxHeldChannels
  }

  get(name: string): Channel | undefined {
    return this.#held.get(name) ?? this.#load(name)
  }

  /** Without a look into the engine. */
  held(name: string): Channel | undefined {
    return this.#held.get(name)
  }

  add(channel: Channel): void {
    this.#held.set(channel.name, channel)
    if (channel.hasLifetime) this.#withLifetime.add(channel)
    if (this.#held.size > this.#maxHeldChannels) this.#letGoOfIdle()
  }

  /** The name is free from now on; the engine forgets the channel once `channel.settled`. */
  remove(channel: Channel): void {
    this.#held.delete(channel.name)
    this.#withLifetime.delete(channel)
    this.#leaving.set(channel.name, channel)
    const forget = () => {
      if (this.#leaving.get(channel.name) === channel) this.#leaving.delete(channel.name)
    }
    channel.settled.then(forget, forget)
  }

  /** Held channels that end by themselves. */
  *withLifetime(): Iterable<Channel> {
    for (const channel of this.#withLifetime) {
      if (channel.hasLifetime) yield channel
      // Deleted, and kept for its forks: it has no time of its own any more.
      else this.#withLifetime.delete(channel)
    }
  }

  #load(name: string): Channel | undefined {
    if (this.#leaving.has(name)) return undefined
    const record = this.#engine.channel(name)
    if (!record) return undefined
    const channel = new Channel(record, this.#engine.tail(record.id), true, this.#now)
    this.add(channel)
    return channel
  }

  /** The longest held first; one that is not idle goes to the end of the line. */
  #letGoOfIdle(): void {
    let looks = looksPerLookUp
    for (const [name, channel] of this.#held) {
      this.#held.delete(name)
      if (!channel.isIdle) this.#held.set(name, channel)
      if (--looks === 0) return
    }
  }
}
