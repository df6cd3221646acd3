import { invariant } from '@tidings/protocol'
import type { Channel } from './channel.js'
import { ChannelDirectory } from './channel-directory.js'
import { unlessDamaged } from './damage.js'
import type { ChannelRecord, Engine } from './engine.js'
import type { GroupCommit } from './group-commit.js'

/** Kept channels that one `expire` looks at, until it has seen all that an earlier run left: about 3 ms of work. */
const channelsPerSweep = 1_000

/**
 * The channels that are there: each stands for its name until it is deleted or its time is over, and a deleted
 * one holds its data for as long as a fork stands on it.
 */
export class Channels {
  readonly #engine: Engine
  readonly #now: () => number
  readonly #directory: ChannelDirectory
  readonly #commits: GroupCommit
  /** Where the look at what an earlier run left goes on; undefined once it is through. */
  #sweptTo: { readonly after: string | undefined } | undefined = { after: undefined }

  constructor(options: {
    engine: Engine
    now: () => number
    commits: GroupCommit
    maxHeldChannels?: number
  }) {
    this.#engine = options.engine
    this.#now = options.now
    this.#commits = options.commits
    this.#directory = new ChannelDirectory(options)
  }

  /** @returns also a channel that is deleted and kept for its forks, and one whose creation is not kept yet */
  lookUp(name: string): Channel | undefined {
    const channel = this.#directory.get(name)
    if (!channel || channel.expiresAtMs > this.#now()) return channel
    this.remove(channel)
    return channel.isRemoved ? undefined : channel
  }

  /** Whether this very object still stands for its name: what was looked up in an earlier turn may not. */
  isThere(channel: Channel): boolean {
    return this.#directory.held(channel.name) === channel
  }

  /**
   * Those of the names that `isWanted` says yes to; the others are not taken into memory for the question. One
   * that is damaged is left out.
   */
  *lookUpSome(names: readonly string[], isWanted: (record: ChannelRecord) => boolean): Iterable<Channel> {
    for (const name of names) {
      const channel = unlessDamaged(() => {
        const record = this.#directory.held(name)?.record ?? this.#engine.channel(name)
        return record && isWanted(record) ? this.lookUp(name) : undefined
      })
      if (channel) yield channel
    }
  }

  /** A new channel, whose creation is staged in this turn. */
  add(channel: Channel): void {
    this.#directory.add(channel)
  }

  /** Deletes a channel, and whatever was kept for its sake alone. */
  remove(channel: Channel): void {
    let next: Channel | undefined = channel
    // Up the chain of forks, however long it is.
    while (next) next = this.#removeOne(next)
  }

  /** A fork of this source is being made: staged with the fork itself, so that the count is always true. What is before its point stays. */
  countFork(source: Channel, point: number): void {
    const forkedUpTo = Math.max(source.record.forkedUpTo ?? 0, point)
    this.#count(source, 1, forkedUpTo)
  }

  /**
   * Kept channels, also deleted ones, of which something that was heard may be gone. Those that are yielded in
   * one turn stay in memory if changed in it.
   */
  *thatLost(): Iterable<Channel> {
    const { dataMayBeGone, isCopy = false, forgotten = [] } = this.#engine
    for (const name of forgotten) {
      const channel = this.#directory.get(name)
      if (channel) yield channel
    }
    if (!dataMayBeGone) return
    for (const channel of this.#all()) {
      const { durability } = channel.record
      // One that asked for `fsync` has lost nothing where others may have; one in memory is among the forgotten.
      if (durability !== 'memory' && (isCopy || durability !== 'fsync')) yield channel
    }
  }

  *#all(): Iterable<Channel> {
    let page = this.#engine.channels(undefined, channelsPerSweep)
    while (page.length > 0) {
      for (const { name } of page) {
        const channel = this.#directory.get(name)
        if (channel) yield channel
      }
      page = this.#engine.channels(page.at(-1)?.name, channelsPerSweep)
    }
  }

  /**
   * Removes channels whose time is over though nobody asks for them. It knows those in memory, and by and by
   * those that an earlier run left.
   */
  expire(): void {
    this.#sweep()
    const now = this.#now()
    for (const channel of this.#directory.withLifetime()) {
      if (channel.expiresAtMs <= now) this.remove(channel)
    }
  }

  /** Once in memory, a channel with a lifetime stays there: one look at each kept channel is enough. */
  #sweep(): void {
    if (!this.#sweptTo) return
    const names = this.#engine.names(this.#sweptTo.after, channelsPerSweep)
    // To have been looked up is enough: it stays, or ends.
    for (const _ of this.lookUpSome(names, hasLifetime));
    this.#sweptTo = names.length === channelsPerSweep ? { after: names.at(-1) } : undefined
  }

  /** @returns the source that goes along: it was deleted before, and this was the last fork that stood on it */
  #removeOne(channel: Channel): Channel | undefined {
    if ((channel.record.forkCount ?? 0) > 0) {
      channel.record = { ...channel.record, isSoftDeleted: true }
      this.#commits.stage(channel, { record: channel.record })
      return undefined
    }
    const { fork } = channel.record
    const source = fork && this.#directory.get(fork.source)
    invariant(!fork || source !== undefined, 'a source stays as long as a fork stands on it')
    channel.isRemoved = true
    this.#commits.stage(channel, { isRemoved: true })
    this.#directory.remove(channel)
    if (!source) return undefined
    this.#count(source, -1)
    return source.record.isSoftDeleted && source.record.forkCount === 0 ? source : undefined
  }

  #count(source: Channel, change: 1 | -1, forkedUpTo = source.record.forkedUpTo): void {
    const forkCount = (source.record.forkCount ?? 0) + change
    invariant(forkCount >= 0, 'a fork is counted before it goes')
    const { forkedUpTo: _, ...record } = source.record
    // The last fork gives free what was held for the sake of any.
    const isHeld = forkCount > 0 && forkedUpTo !== undefined
    source.record = { ...record, forkCount, ...(isHeld && { forkedUpTo }) }
    this.#commits.stage(source, { record: source.record })
  }
}

function hasLifetime({ ttlSeconds, expiresAt }: ChannelRecord): boolean {
  return ttlSeconds !== undefined || expiresAt !== undefined
}
