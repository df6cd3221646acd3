import { type Durability, durabilities, Problem } from '@tidings/protocol'
import type { AppendOutcome, AppendSettled } from './append.js'
import { type Batch, packBatches } from './batch.js'
import type { Channel } from './channel.js'
import type { ChannelRecord, Commit, Engine, ProducerState } from './engine.js'
import { Gathering } from './gathering.js'
import { Settlement } from './settlement.js'

/** What a kept commit did to one channel: what its readers hear. */
export interface KeptChange {
  readonly channel: Channel
  readonly batches: readonly Batch[]
  readonly isClosed: boolean
  /** Deleted; forks may still stand on its data. */
  readonly isRemoved: boolean
}

interface Staged {
  readonly channel: Channel
  readonly messages: Uint8Array[]
  /** Position before the first of `messages`. */
  readonly start: number
  readonly producers: Map<string, ProducerState>
  /** Where batches end that go for good. */
  readonly dropped: number[]
  /** Set when the channel is new or its record changed. */
  record?: ChannelRecord
  isRemoved: boolean
}

/**
 * One commit for all that wait: what is staged while a commit is under way, or within one turn of the event
 * loop, goes to the engine together, is kept by one flush and is heard together. At most one commit is under
 * way, so channels are kept in the order in which appends were admitted.
 *
 * Budget: per append a place in two lists, per commit and channel one batch, whose payload is the one copy of its
 * messages (bench/publish).
 */
export class GroupCommit {
  readonly #engine: Engine
  readonly #now: () => number
  readonly #mintedHistory: () => number
  readonly #onKept: (changes: readonly KeptChange[]) => void
  readonly #onMistake: (error: unknown) => void
  /** For what stands on nothing that is not kept. */
  readonly #nothing: Settlement
  #staged = new Map<Channel, Staged>()
  #waiting: Settlement
  #committing: Settlement | undefined
  readonly #gathering = new Gathering(() => void this.#run())
  #lastCommitMs = 0
  #failure: Problem | undefined

  constructor(options: {
    engine: Engine
    now: () => number
    mintedHistory: () => number
    onKept: (changes: readonly KeptChange[]) => void
    /** Hears what a publisher's own callback throws. */
    onMistake: (error: unknown) => void
  }) {
    this.#engine = options.engine
    this.#now = options.now
    this.#mintedHistory = options.mintedHistory
    this.#onKept = options.onKept
    this.#onMistake = options.onMistake
    this.#waiting = new Settlement(this.#onMistake)
    this.#nothing = new Settlement(this.#onMistake)
    this.#nothing.end()
  }

  /** @throws Problem `storage-unavailable`, `storage-full` once a commit has failed: what was admitted after it would stand on nothing */
  check(): void {
    if (this.#failure) throw this.#failure
  }

  /** Set once a commit has failed: none is made any more. */
  get failure(): Problem | undefined {
    return this.#failure
  }

  /** Takes part in the next commit; `channel.settled` tells when it is kept. */
  stage(
    channel: Channel,
    change: {
      messages?: readonly Uint8Array[]
      start?: number
      producer?: { id: string; state: ProducerState }
      record?: ChannelRecord
      dropped?: readonly number[]
      isRemoved?: boolean
    },
  ): void {
    let staged = this.#staged.get(channel)
    if (!staged) {
      staged = {
        channel,
        messages: [],
        start: change.start ?? channel.admittedTail,
        producers: new Map(),
        dropped: [],
        isRemoved: false,
      }
      this.#staged.set(channel, staged)
      channel.stagedCommits++
      channel.settlement = this.#waiting
    }
    for (const message of change.messages ?? []) staged.messages.push(message)
    if (change.producer) staged.producers.set(change.producer.id, change.producer.state)
    for (const end of change.dropped ?? []) staged.dropped.push(end)
    if (change.record) staged.record = change.record
    if (change.isRemoved) staged.isRemoved = true
    this.#schedule()
  }

  /** Tells a publisher how an append ended, once all that was admitted to this channel is kept. */
  tell(channel: Channel, settled: AppendSettled, result: AppendOutcome | Error): void {
    const settlement = channel.settlement ?? this.#nothing
    settlement.tell(settled, result)
    if (settlement === this.#waiting) this.#gathering.came(settlement.publishers)
  }

  /** When all that is staged now is kept. */
  async drain(): Promise<void> {
    while (this.#staged.size > 0 || this.#committing) {
      await (this.#staged.size > 0 ? this.#waiting.promise : this.#committing?.promise)
    }
  }

  #schedule(): void {
    if (!this.#committing) this.#gathering.schedule(this.#waiting.publishers)
  }

  async #run(): Promise<void> {
    const staged = [...this.#staged.values()]
    const committing = this.#waiting
    this.#staged = new Map()
    this.#waiting = new Settlement(this.#onMistake)
    this.#committing = committing
    const { commit, changes } = this.#prepare(staged)
    try {
      this.check()
      await this.#engine.commit(commit)
    } catch (cause) {
      this.#failure ??= storageFailure(cause)
      this.#committing = undefined
      committing.end(this.#failure)
      if (this.#staged.size > 0) this.#schedule()
      return
    }
    // What needs no disk costs little, and goes on at once.
    if (commit.durability === 'memory') this.#gathering.keptCheaply()
    else this.#gathering.kept(committing.publishers, this.#waiting.publishers)
    // Outside the `try`: what goes wrong from here on is a broken promise of ours, and ends the process.
    this.#settle(staged, changes)
    this.#committing = undefined
    committing.end()
    if (this.#staged.size > 0) this.#schedule()
  }

  #prepare(staged: readonly Staged[]): { commit: Commit; changes: KeptChange[] } {
    // Never earlier than the commit before it, though the clock may be set back.
    const committedAtMs = Math.max(this.#now(), this.#lastCommitMs)
    this.#lastCommitMs = committedAtMs
    const batches: { channelId: number; batch: Batch }[] = []
    const channels: ChannelRecord[] = []
    const producers: { channelId: number; producerId: string; state: ProducerState }[] = []
    const dropped: { channelId: number; end: number }[] = []
    const removed: ChannelRecord[] = []
    const changes: KeptChange[] = []
    for (const each of staged) {
      const { channel, record } = each
      if (each.isRemoved) {
        removed.push(channel.record)
        changes.push({ channel, batches: [], isClosed: false, isRemoved: true })
        continue
      }
      const { id: channelId, kind, history } = channel
      const packed = packBatches(each.messages, { kind, history, start: each.start, committedAtMs })
      for (const batch of packed) batches.push({ channelId, batch })
      for (const [producerId, state] of each.producers) producers.push({ channelId, producerId, state })
      for (const end of each.dropped) dropped.push({ channelId, end })
      if (record) channels.push(record)
      changes.push({
        channel,
        batches: packed,
        isClosed: record?.closed !== undefined && !channel.keptClosed,
        isRemoved: record?.isSoftDeleted ?? false,
      })
    }
    const lastHistory = this.#mintedHistory()
    const durability = this.#durabilityOf(staged)
    return { commit: { batches, channels, producers, dropped, removed, lastHistory, durability }, changes }
  }

  /** One flush serves all, so it is done for the one that asks for most. */
  #durabilityOf(staged: readonly Staged[]): Durability {
    const usual = this.#engine.durability
    const isAsked = (durability: Durability) =>
      staged.some(({ channel }) => (channel.record.durability ?? usual) === durability)
    return durabilities.find(isAsked) ?? usual
  }

  /** Moves the durable high-water marks, then lets the readers hear: nothing is delivered before it is kept. */
  #settle(staged: readonly Staged[], changes: readonly KeptChange[]): void {
    for (const { channel, batches, isClosed, isRemoved } of changes) {
      channel.keptTail = batches.at(-1)?.end ?? channel.keptTail
      channel.keptClosed ||= isClosed
      channel.isGone ||= isRemoved
      channel.isKept = true
    }
    for (const { channel, producers, record } of staged) {
      channel.stagedCommits--
      channel.keptEarliest = Math.max(channel.keptEarliest, record?.earliest ?? 0)
      for (const [id, state] of producers) {
        if (channel.admittedProducers.get(id) === state) channel.admittedProducers.delete(id)
      }
    }
    this.#onKept(changes)
  }
}

function storageFailure(cause: unknown): Problem {
  if (cause instanceof Problem && cause.code.startsWith('storage-')) return cause
  return new Problem(
    'storage-unavailable',
    'The storage did not keep the last commit, so it takes no more until the server is started again. ' +
      'Nothing that was acknowledged is lost. Look at the disk (space, errors), then restart.',
    {},
    { cause },
  )
}
