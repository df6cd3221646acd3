import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { ChannelReader } from './channel-reader.js'
import type { Channels } from './channels.js'
import type { Engine, Retention } from './engine.js'
import type { GroupCommit } from './group-commit.js'
import { RetainedTotals } from './retained-totals.js'

/** Payload that one step reads at once, bytes. */
const stepBytes = 256 * 1024
/** A channel may grow by this part over its limit before an append makes it due: else each append would drop one. */
const slack = 1 / 8

/** What is known of a batch without holding it. */
type BatchSize = Pick<Batch, 'start' | 'committedAtMs' | 'messageCount' | 'messageBytes'>

type Range = Pick<Batch, 'start' | 'end'>

/** What is known of a channel whose messages do not stay for ever. */
interface Watched {
  readonly totals: RetainedTotals
  /** The first batch that is left, if it starts where the channel does: else it was not looked at yet. */
  first: BatchSize | undefined
  /** Batches that the last steps passed: they are to be dropped, and need not be looked for. */
  passed: Range[]
  /** Its own batches before this are dropped, but for those that forks hold; 0 until they were looked for. */
  droppedTo: number
  /** `forkedUpTo` when they were. */
  heldTo: number
}

export interface StepOutcome {
  /** What was staged: batches that are passed or dropped. */
  readonly batches: number
  /** Payload that was read for it. */
  readonly readBytes: number
  /** Nothing is left to do; else the next step stands on what this one has kept. */
  readonly isDone: boolean
}

/**
 * Drops from the beginning of a channel what its retention says: whole batches, each step a part of a commit.
 *
 * A step moves the channel's earliest position first. Once that is kept no reader begins before it, and the
 * next step drops the batches. So a reader is refused with the earliest position and never finds a hole, and
 * after a crash at any point the earliest position stands where readers were told; batches that were passed
 * and not dropped yet are found by the next look. What a fork stands on stays until the last fork has gone,
 * though the source's readers are refused it.
 */
export class RetentionSteps {
  readonly #engine: Engine
  readonly #reader: ChannelReader
  readonly #channels: Channels
  readonly #commits: GroupCommit
  readonly #now: () => number
  readonly #watched = new WeakMap<Channel, Watched>()
  #readBytes = 0

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

  /**
   * Batches were just kept.
   *
   * @returns whether the channel may be over its limits by more than the slack
   */
  heard(channel: Channel, batches: readonly Batch[]): boolean {
    const { retention } = channel.record
    if (!retention) return false
    const { totals } = this.#watch(channel)
    for (const batch of batches) totals.add(batch)
    return !totals.isCounted || isOver(totals, retention, slack)
  }

  /** Whether a step has something to do, or is needed to know it. Asks the engine nothing. */
  isNeeded(channel: Channel): boolean {
    const { retention } = channel.record
    const { totals, first } = this.#watch(channel)
    if (this.#firstToDrop(channel) < channel.keptEarliest) return true
    if (!retention) return false
    if (!totals.isCounted) return true
    if (first?.start !== channel.keptEarliest) return mayPass(channel, totals, retention)
    return this.#goes(first, totals, retention)
  }

  /** Whether this object stands for its channel, and the channel has readers of its own. */
  isThere(channel: Channel): boolean {
    return this.#channels.lookUp(channel.name) === channel && !channel.record.isSoftDeleted
  }

  /**
   * To be called for a channel whose last step is kept, and for one at a time.
   *
   * @param mostDropped  batches; to pass many costs a commit no more than to pass one
   */
  async step(channel: Channel, mostDropped: number): Promise<StepOutcome> {
    this.#readBytes = 0
    const dropped = await this.#batchesToDrop(channel, mostDropped)
    const passing = await this.#batchesToPass(channel)
    const batches = dropped.length + passing.length
    const watched = this.#watch(channel)
    // Both waited: the channel may have gone, or have left memory, since.
    const readBytes = this.#readBytes
    if (!this.isThere(channel)) return { batches: 0, readBytes, isDone: true }
    watched.droppedTo = dropped.at(-1)?.end ?? channel.keptEarliest
    watched.passed = watched.passed.filter(({ end }) => end > watched.droppedTo)
    if (batches === 0) return { batches, readBytes, isDone: watched.totals.isCounted }
    for (const batch of passing) {
      watched.totals.drop(batch)
      watched.passed.push({ start: batch.start, end: batch.end })
    }
    const earliest = passing.at(-1)?.end
    if (earliest !== undefined) channel.record = { ...channel.record, earliest }
    this.#commits.stage(channel, {
      dropped: dropped.map(({ end }) => end),
      ...(earliest !== undefined && { record: channel.record }),
    })
    return { batches, readBytes, isDone: false }
  }

  /** Own batches from here on may be there though readers can't reach them and no fork stands on them. */
  #firstToDrop(channel: Channel): number {
    const watched = this.#watch(channel)
    const heldTo = channel.record.forkedUpTo ?? 0
    if (watched.heldTo > heldTo) watched.droppedTo = 0
    watched.heldTo = heldTo
    return Math.max(heldTo, watched.droppedTo)
  }

  /** Own batches that readers can't reach any more and no fork stands on. */
  async #batchesToDrop(channel: Channel, most: number): Promise<readonly Range[]> {
    const from = this.#firstToDrop(channel)
    const { keptEarliest } = channel
    if (from >= keptEarliest) return []
    const { passed } = this.#watch(channel)
    if (passed[0] && passed[0].start <= from)
      return passed.filter(({ start }) => start >= from).slice(0, most)
    const [first] = await this.#readOwn(channel, from, 1)
    // A fork may end within a batch: all of it is held.
    const start = first && first.start < from ? first.end : from
    const read = first && first.end <= keptEarliest ? await this.#readOwn(channel, start, stepBytes) : []
    return read.filter(({ end }) => end <= keptEarliest).slice(0, most)
  }

  /** Batches from the earliest on that are to go. */
  async #batchesToPass(channel: Channel): Promise<Batch[]> {
    const { retention } = channel.record
    if (!retention) return []
    const { totals } = this.#watch(channel)
    if (!totals.isCounted) this.#readBytes += await totals.countOn(this.#reader)
    if (!totals.isCounted || !(await this.#isFirstToGo(channel, retention))) return []
    const batches = await this.#readFirst(channel, stepBytes)
    return leading(batches, totals, (batch, rest) => this.#goes(batch, rest, retention))
  }

  async #isFirstToGo(channel: Channel, retention: Retention): Promise<boolean> {
    const watched = this.#watch(channel)
    if (watched.first?.start !== channel.keptEarliest) {
      if (!mayPass(channel, watched.totals, retention)) return false
      const [first] = await this.#readFirst(channel, 1)
      if (!first) return false
      const { start, committedAtMs, messageCount, messageBytes } = first
      watched.first = { start, committedAtMs, messageCount, messageBytes }
    }
    return this.#goes(watched.first, watched.totals, retention)
  }

  /** Whether the first batch of those that `totals` sum up goes: each limit that is there drops what it does. */
  #goes(first: BatchSize, totals: Totals, { ageSeconds, count, bytes }: Retention): boolean {
    return (
      (ageSeconds !== undefined && first.committedAtMs + ageSeconds * 1000 <= this.#now()) ||
      (count !== undefined && totals.messages - first.messageCount >= count) ||
      (bytes !== undefined && totals.bytes - first.messageBytes >= bytes)
    )
  }

  /** Its own batches, also those that readers can't reach any more. */
  #readOwn(channel: Channel, position: number, maxBytes: number): Promise<readonly Batch[]> {
    return this.#counted(this.#engine.read(channel.id, position, maxBytes))
  }

  /** From where it begins for readers. */
  #readFirst(channel: Channel, maxBytes: number): Promise<readonly Batch[]> {
    return this.#counted(this.#reader.read(channel, channel.keptEarliest, maxBytes))
  }

  async #counted(reading: Promise<readonly Batch[]>): Promise<readonly Batch[]> {
    const batches = await reading
    for (const { payload } of batches) this.#readBytes += payload.byteLength
    return batches
  }

  #watch(channel: Channel): Watched {
    let watched = this.#watched.get(channel)
    if (!watched) {
      const totals = new RetainedTotals(channel)
      watched = { totals, first: undefined, passed: [], droppedTo: 0, heldTo: 0 }
      this.#watched.set(channel, watched)
    }
    return watched
  }
}

type Totals = Pick<RetainedTotals, 'messages' | 'bytes'>

/** Whether its first batch may have to go, as long as nothing is known of it. */
function mayPass(channel: Channel, totals: Totals, retention: Retention): boolean {
  if (channel.keptTail === channel.keptEarliest) return false
  return retention.ageSeconds !== undefined || isOver(totals, retention, 0)
}

/** Over a limit by more than `allowed`, a part of it. */
function isOver(totals: Totals, { count, bytes }: Retention, allowed: number): boolean {
  return (
    (count !== undefined && totals.messages > count * (1 + allowed)) ||
    (bytes !== undefined && totals.bytes > bytes * (1 + allowed))
  )
}

/** The first batches that may go. */
function leading(
  batches: readonly Batch[],
  totals: Totals,
  goes: (batch: Batch, totals: Totals) => boolean,
): Batch[] {
  let { messages, bytes } = totals
  const staying = batches.findIndex((batch) => {
    if (!goes(batch, { messages, bytes })) return true
    messages -= batch.messageCount
    bytes -= batch.messageBytes
    return false
  })
  return staying === -1 ? [...batches] : batches.slice(0, staying)
}
