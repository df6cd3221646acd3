import { setImmediate as nextTurn } from 'node:timers/promises'
import { Problem } from '@tidings/protocol'
import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { ChannelReader } from './channel-reader.js'
import type { Channels } from './channels.js'
import type { Engine, Retention } from './engine.js'
import type { GroupCommit, KeptChange } from './group-commit.js'
import { RetainedTotals } from './retained-totals.js'

/** Payload that one step reads, bytes; and batches that one commit drops. */
const stepBytes = 256 * 1024
const batchesPerStep = 500
/** Channels that are looked up at once. */
const channelsPerStep = 100
/** A channel may grow by this part over its limit before an append makes it due: else each append would drop one. */
const slack = 1 / 8
/** After a look at all channels the next one waits this many times as long as it took: a twentieth of the time. */
const restFactor = 20

/** What is known of a channel whose messages do not stay for ever. */
interface Watched {
  readonly totals: RetainedTotals
  /** When the oldest batch was kept that is left; unknown until it was looked at. */
  oldest: { readonly position: number; readonly committedAtMs: number } | undefined
  /** Its own batches before this are dropped, but for those that forks hold; 0 until they were looked for. */
  droppedTo: number
  /** `forkedUpTo` when they were. */
  heldTo: number
}

/**
 * Drops from the beginnings of channels what their retention says: whole batches, each step a commit.
 *
 * A step moves the channel's earliest position first. Once that is kept no reader begins before it, and the
 * next step drops the batches. So a reader is refused with the earliest position and never finds a hole, and
 * after a crash at any point the earliest position stands where readers were told; batches that were passed
 * and not dropped yet are found by the next look. What a fork stands on stays until the last fork has gone,
 * though the source's readers are refused it.
 *
 * Appends make a channel due when it is over its limits by more than the slack; every channel is looked at now
 * and then for its age, and to be exact.
 */
export class RetentionSweep {
  readonly #engine: Engine
  readonly #reader: ChannelReader
  readonly #channels: Channels
  readonly #commits: GroupCommit
  readonly #now: () => number
  readonly #watched = new WeakMap<Channel, Watched>()
  readonly #due = new Set<Channel>()
  #trimming: Promise<void> = Promise.resolve()
  #running: Promise<void> | undefined
  #looking: Promise<void> | undefined
  #restUntilMs = 0
  #isStopped = false

  constructor(options: {
    engine: Engine
    reader: ChannelReader
    channels: Channels
    commits: GroupCommit
    now: () => number
  }) {
    this.#engine = options.engine
    this.#reader = options.reader
    this.#channels = options.channels
    this.#commits = options.commits
    this.#now = options.now
  }

  /** A commit is kept: some of its channels may now hold too much. */
  heard(changes: readonly KeptChange[]): void {
    for (const { channel, batches } of changes) {
      const { retention } = channel.record
      if (!retention || batches.length === 0) continue
      const { totals } = this.#watch(channel)
      for (const batch of batches) totals.add(batch)
      if (!totals.isCounted || isOver(totals, retention)) this.#due.add(channel)
    }
    if (this.#due.size > 0) this.#run()
  }

  /** To be called now and then: begins to look at all channels, unless it has just done so. */
  look(): void {
    if (this.#looking || this.#isStopped || performance.now() < this.#restUntilMs) return
    const startMs = performance.now()
    this.#looking = this.lookAtAll()
      .catch(() => {
        // The storage takes no more: whoever writes is told.
        this.#isStopped = true
      })
      .finally(() => {
        this.#looking = undefined
        this.#restUntilMs = performance.now() + restFactor * (performance.now() - startMs)
      })
  }

  /** Looks at all channels, and resolves when each holds what its retention says. */
  async lookAtAll(): Promise<void> {
    let after: string | undefined
    for (;;) {
      const page = this.#engine.channels(after, channelsPerStep)
      for (const { name, retention, earliest } of page) {
        if (this.#isStopped) return
        // What a fork does not hold any more may lie in a channel without retention as well: its own is asked.
        if (!retention && earliest === undefined) continue
        const channel = this.#channels.lookUp(name)
        if (channel) await this.#trim(channel)
      }
      after = page.at(-1)?.name
      if (page.length < channelsPerStep) return
      await nextTurn()
    }
  }

  /** Ends after the step under way; the rest is for the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([this.#running, this.#looking])
  }

  #run(): void {
    if (this.#running || this.#isStopped) return
    this.#running = this.#trimDue()
      .catch(() => {
        this.#isStopped = true
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  async #trimDue(): Promise<void> {
    for (const channel of this.#due) {
      if (this.#isStopped) return
      this.#due.delete(channel)
      await this.#trim(channel)
    }
  }

  /** One channel after the other: a step stands on what the one before it has kept. */
  async #trim(channel: Channel): Promise<void> {
    const mine = this.#trimming.then(() => this.#trimAlone(channel))
    this.#trimming = mine.catch(() => {})
    await mine
  }

  async #trimAlone(channel: Channel): Promise<void> {
    try {
      while (!this.#isStopped && (await this.#step(channel))) await channel.settled
    } catch (error) {
      // A damaged batch stops its own channel only; its readers are told.
      if (!(error instanceof Problem) || error.code !== 'storage-damaged') throw error
    }
  }

  /** @returns whether there was something to do, which is staged */
  async #step(channel: Channel): Promise<boolean> {
    if (!this.#isThere(channel)) return false
    const dropped = await this.#passedBatches(channel)
    const passing = await this.#batchesToPass(channel)
    // Both waited: the channel may have gone, or have left memory, since.
    if (!this.#isThere(channel) || dropped.length + passing.length === 0) return false
    const { totals } = this.#watch(channel)
    for (const batch of passing) totals.drop(batch)
    const earliest = passing.at(-1)?.end
    if (earliest !== undefined) channel.record = { ...channel.record, earliest }
    this.#commits.stage(channel, {
      dropped: dropped.map((batch) => batch.end),
      ...(earliest !== undefined && { record: channel.record }),
    })
    return true
  }

  /** Whether this object stands for its channel, and the channel has readers of its own. */
  #isThere(channel: Channel): boolean {
    return this.#channels.lookUp(channel.name) === channel && !channel.record.isSoftDeleted
  }

  /** Own batches that readers can't reach any more and no fork stands on. */
  async #passedBatches(channel: Channel): Promise<Batch[]> {
    const watched = this.#watch(channel)
    const heldTo = channel.record.forkedUpTo ?? 0
    if (watched.heldTo > heldTo) watched.droppedTo = 0
    watched.heldTo = heldTo
    const { keptEarliest } = channel
    const isPassed = ({ start, end }: Batch) => start >= heldTo && end <= keptEarliest
    const from = Math.max(heldTo, watched.droppedTo)
    if (from >= keptEarliest) return []
    const [first] = await this.#engine.read(channel.id, from, 1)
    if (!first || !(isPassed(first) || first.start < heldTo)) {
      watched.droppedTo = keptEarliest
      return []
    }
    const read = await this.#engine.read(channel.id, from, stepBytes)
    const passed = read.slice(0, batchesPerStep).filter(isPassed)
    if (passed.length === 0) watched.droppedTo = keptEarliest
    return passed
  }

  /** Batches from the earliest on that are to go. */
  async #batchesToPass(channel: Channel): Promise<Batch[]> {
    const { retention } = channel.record
    if (!retention) return []
    const { totals } = this.#watch(channel)
    await totals.countUp(this.#reader)
    const isDue = isOver(totals, retention, 0) || (await this.#isTooOld(channel, retention))
    if (!isDue) return []
    const batches = await this.#reader.read(channel, channel.keptEarliest, stepBytes)
    return leading(batches.slice(0, batchesPerStep), totals, retention, this.#now())
  }

  async #isTooOld(channel: Channel, { ageSeconds }: Retention): Promise<boolean> {
    if (ageSeconds === undefined) return false
    const watched = this.#watch(channel)
    if (watched.oldest?.position !== channel.keptEarliest) {
      const [first] = await this.#reader.read(channel, channel.keptEarliest, 1)
      if (!first) return false
      watched.oldest = { position: first.start, committedAtMs: first.committedAtMs }
    }
    return isOld(watched.oldest.committedAtMs, ageSeconds, this.#now())
  }

  #watch(channel: Channel): Watched {
    let watched = this.#watched.get(channel)
    if (!watched) {
      watched = { totals: new RetainedTotals(channel), oldest: undefined, droppedTo: 0, heldTo: 0 }
      this.#watched.set(channel, watched)
    }
    return watched
  }
}

/** Over a limit by more than the slack. A rest below the limit may still hold a batch that has to stay. */
function isOver(totals: RetainedTotals, { count, bytes }: Retention, allowed = slack): boolean {
  return (
    (count !== undefined && totals.messages > count * (1 + allowed)) ||
    (bytes !== undefined && totals.bytes > bytes * (1 + allowed))
  )
}

/** The first batches that may go: each limit that is there drops what it does. */
function leading(
  batches: readonly Batch[],
  totals: RetainedTotals,
  { ageSeconds, count, bytes }: Retention,
  nowMs: number,
): Batch[] {
  let restMessages = totals.messages
  let restBytes = totals.bytes
  const staying = batches.findIndex((batch) => {
    restMessages -= batch.messageCount
    restBytes -= batch.messageBytes
    return !(
      (ageSeconds !== undefined && isOld(batch.committedAtMs, ageSeconds, nowMs)) ||
      (count !== undefined && restMessages >= count) ||
      (bytes !== undefined && restBytes >= bytes)
    )
  })
  return staying === -1 ? [...batches] : batches.slice(0, staying)
}

function isOld(committedAtMs: number, ageSeconds: number, nowMs: number): boolean {
  return committedAtMs + ageSeconds * 1000 <= nowMs
}
