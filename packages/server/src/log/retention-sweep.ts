import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channel } from './channel.js'
import type { ChannelReader } from './channel-reader.js'
import type { Channels } from './channels.js'
import { isDamage } from './damage.js'
import type { ChannelRecord, Engine } from './engine.js'
import type { GroupCommit, KeptChange } from './group-commit.js'
import { Pace } from './pace.js'
import { RetentionSteps, type StepOutcome } from './retention-step.js'

/** Batches that one round stages when little is appended: a commit of some milliseconds, for which others wait. */
const batchesPerRound = 500
/** … and so many more for each that was appended: it is passed and dropped, and what is behind is made good. */
const stagedPerAppended = 4
/** … up to so many. */
const mostPerRound = 20_000
/** Payload whose reading takes about as long as a step that reads nothing, bytes. */
const partBytes = 16 * 1024
/** Names that are looked up at once. */
const namesPerTurn = 100
/** Channels that a look lets wait for their steps, before it waits itself. */
const mostDue = 10_000
/** After a look at all channels the next one waits this many times as long as it took: a twentieth of the time. */
const restFactor = 20

/**
 * Finds the channels that hold more than their retention says, and has them take their steps.
 *
 * Appends make a channel due when it is over its limits by more than the slack; every channel is looked at now
 * and then for its age, and to be exact. Due channels take their steps in rounds, one step each and in the
 * order in which they became due, so that a round's steps share a commit and none waits for the many steps of
 * another. The more is appended, the more is dropped: publishers can't outrun it.
 */
export class RetentionSweep {
  readonly #engine: Engine
  readonly #channels: Channels
  readonly #steps: RetentionSteps
  readonly #onMistake: (error: unknown) => void
  readonly #pace = new Pace()
  readonly #due = new Set<Channel>()
  /** Those of which a step went wrong by a mistake of ours: they are left alone, and the mistake is told once. */
  readonly #left = new WeakSet<Channel>()
  #batchesLeft = batchesPerRound
  #round: Promise<void> = Promise.resolve()
  #working: Promise<void> | undefined
  #looking: Promise<void> | undefined
  #restUntilMs = 0
  #isStopped = false

  constructor(options: {
    engine: Engine
    reader: ChannelReader
    channels: Channels
    commits: GroupCommit
    now: () => number
    onMistake: (error: unknown) => void
  }) {
    this.#engine = options.engine
    this.#channels = options.channels
    this.#steps = new RetentionSteps(options)
    this.#onMistake = options.onMistake
  }

  /** A commit is kept: some of its channels may now hold too much. */
  heard(changes: readonly KeptChange[]): void {
    let appended = 0
    for (const { channel, batches } of changes) {
      if (!channel.record.retention) continue
      if (this.#steps.heard(channel, batches)) this.#add(channel)
      appended += batches.length
    }
    this.#batchesLeft = Math.min(this.#batchesLeft + stagedPerAppended * appended, mostPerRound)
    this.#work()
  }

  /** To be called now and then: begins to look at all channels, unless it has just done so. */
  look(): void {
    if (this.#looking || this.#isStopped || performance.now() < this.#restUntilMs) return
    const startMs = performance.now()
    this.#looking = this.#lookThrough()
      .catch(this.#onMistake)
      .finally(() => {
        this.#looking = undefined
        this.#restUntilMs = performance.now() + restFactor * (performance.now() - startMs)
      })
  }

  /** Looks at all channels, and resolves when each holds what its retention says. */
  async lookAtAll(): Promise<void> {
    await this.#lookThrough()
    await this.#working
  }

  /** Ends after the step under way; the rest is for the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([this.#working, this.#looking])
  }

  async #lookThrough(): Promise<void> {
    let after: string | undefined
    for (;;) {
      const names = this.#engine.names(after, namesPerTurn)
      for (const channel of this.#channels.lookUpSome(names, isRetained)) {
        if (this.#steps.isNeeded(channel)) this.#add(channel)
      }
      this.#work()
      after = names.at(-1)
      if (names.length < namesPerTurn) return
      await nextTurn()
      while (this.#due.size > mostDue && !this.#isStopped) await this.#round
      if (this.#isStopped) return
    }
  }

  #add(channel: Channel): void {
    if (this.#left.has(channel)) return
    this.#due.add(channel)
    channel.awaitsRetention = true
  }

  #work(): void {
    if (this.#working || this.#isStopped || this.#due.size === 0) return
    this.#working = this.#workOff()
  }

  async #workOff(): Promise<void> {
    while (this.#due.size > 0 && !this.#isStopped) {
      this.#round = this.#workRound()
      await this.#round
    }
    // In the turn of the question: what becomes due after it begins anew.
    this.#working = undefined
  }

  async #workRound(): Promise<void> {
    const again = new Set<Channel>()
    for (const channel of this.#due) {
      if (this.#isStopped || this.#batchesLeft <= 0) break
      // It has become due once more before its step is kept.
      if (again.has(channel)) continue
      this.#due.delete(channel)
      if (!this.#steps.isNeeded(channel)) {
        channel.awaitsRetention = false
        continue
      }
      const { batches, readBytes, isDone } = await this.#step(channel, this.#batchesLeft)
      this.#batchesLeft -= batches
      if (!isDone) again.add(channel)
      // While its step was under way it may have become due once more.
      channel.awaitsRetention = !isDone || this.#due.has(channel)
      await this.#pace.breathe(1 + readBytes / partBytes)
    }
    this.#batchesLeft = batchesPerRound
    try {
      // All of them as they are now: later appends are not waited for.
      await Promise.all([...again].map((channel) => channel.settled))
    } catch {
      // The storage takes no more: whoever writes is told.
      this.#isStopped = true
    }
    for (const channel of again) this.#due.add(channel)
  }

  async #step(channel: Channel, mostBatches: number): Promise<StepOutcome> {
    try {
      if (this.#steps.isThere(channel)) return await this.#steps.step(channel, mostBatches)
    } catch (error) {
      // A damaged batch stops its own channel only, and its readers are told. One that is deleted can't be read.
      if (!isDamage(error) && !channel.isRemoved) {
        this.#left.add(channel)
        this.#onMistake(error)
      }
    }
    return { batches: 0, readBytes: 0, isDone: true }
  }
}

function isRetained({ retention }: ChannelRecord): boolean {
  return retention !== undefined
}
