import type { Envelope, Hearing } from '../links/link.js'
import { answerMalformed, ProblemError, problemFromEnvelope } from '../problem-error.js'
import type { Clock } from '../time/clock.js'
import { type BackoffSettings, backoffMs, wishMs } from '../time/retry.js'
import { isOffset, type Start } from '../wire/start.js'
import { offsetsOf } from './offsets.js'

/** What the server no longer has: the messages between what was asked for and `earliestOffset`, or another history. */
export interface Gap {
  /** `offset-gone`: retention has dropped them. `history-changed`: the channel was made anew, or may have lost its end. */
  readonly code: 'offset-gone' | 'history-changed'
  readonly channel: string
  /** Where the channel was to go on. */
  readonly offset: string
  readonly earliestOffset: string | undefined
  readonly latestOffset: string | undefined
}

/** Go on from what is left, from the tail, or end the iteration with the problem. */
export type GapChoice = 'earliest' | 'latest' | 'stop'

/** A batch that waits to be taken. */
export interface Taken {
  readonly messages: readonly unknown[]
  readonly offsets: readonly string[]
  readonly committedAt: number | undefined
  readonly length: number
}

/** What is carried: a subscription, or what hears for several tabs. */
export interface Carried extends Hearing {
  received(envelope: Envelope, length: number): void
  /** @param error undefined when the program has closed the client */
  failed(error: unknown): void
  end(): void
}

/** Who carries it. */
export interface Carrier {
  hear(subscription: Carried): void
  /** Not for now. */
  rest(subscription: Carried): void
  /** No more. */
  leave(subscription: Carried): void
}

export interface SubscriptionSettings {
  readonly channel: string
  readonly start: Start
  /** Characters that may wait for a slow consumer. Beyond it the channel is not read, until half of it was taken. */
  readonly maxQueuedLength: number
  readonly backoff: BackoffSettings
  readonly clock: Clock
  readonly random: () => number
  readonly onGap: (gap: Gap) => GapChoice
}

/** One iteration's channel: what comes, in order, until somebody takes it. */
export class Subscription implements Carried {
  readonly channel: string
  start: Start
  withOffsets: boolean
  readonly #settings: SubscriptionSettings
  readonly #carrier: Carrier
  #queue: Taken[] = []
  #length = 0
  #failures = 0
  #isResting = false
  #isFull = false
  #isOver = false
  #error: unknown
  #cancel = () => {}
  #wake = () => {}

  constructor(carrier: Carrier, settings: SubscriptionSettings) {
    this.#carrier = carrier
    this.#settings = settings
    this.channel = settings.channel
    this.start = settings.start
    this.withOffsets = !isOffset(settings.start)
    carrier.hear(this)
  }

  /** @returns undefined at the channel's end, or after `end`. @throws why nothing follows */
  async next(): Promise<Taken | undefined> {
    for (;;) {
      const first = this.#queue.shift()
      if (first) {
        this.#length -= first.length
        if (this.#isFull && this.#length <= this.#settings.maxQueuedLength / 2) this.#hear()
        return first
      }
      if (this.#error !== undefined) throw this.#error
      if (this.#isOver) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** What waits is dropped. */
  end(): void {
    this.#queue = []
    this.#stop()
  }

  failed(error: unknown): void {
    this.#stop(error)
  }

  received(envelope: Envelope, length: number): void {
    if (this.#isOver || this.#isResting) return
    const { type } = envelope
    if (type === 'data') this.#take(envelope, length)
    else if (type === 'closed') this.#stop()
    else if (type === 'deleted')
      this.#stop(new ProblemError('channel-unknown', `${this.channel} was deleted.`))
    else if (type === 'error') this.#refused(problemFromEnvelope(envelope))
  }

  #take(envelope: Envelope, length: number): void {
    const { messages = [], nextOffset = '', committedAt, encoding } = envelope
    const offsets = freshOffsets(this, envelope)
    const isFull = this.#length + length > this.#settings.maxQueuedLength && this.#queue.length > 0
    if (!offsets) {
      this.withOffsets = true
      this.#carrier.rest(this)
      this.#carrier.hear(this)
    } else if (isFull && messages.length > 0) {
      this.#isFull = true
      this.#rest()
    } else {
      const values = encoding ? messages.map(bytes) : messages
      this.start = nextOffset
      // From here on they can be told, and are not asked for.
      this.withOffsets = false
      this.#failures = 0
      if (messages.length === 0) return
      this.#queue.push({ messages: values, offsets, committedAt, length })
      this.#length += length
      this.#wake()
    }
  }

  #refused(error: ProblemError): void {
    const { code, facts, isTransient } = error
    const { backoff, clock, random } = this.#settings
    const isGap = code === 'offset-gone' || code === 'history-changed'
    if (isGap ? !this.#jump(error, code as Gap['code']) : !isTransient) {
      this.#stop(error)
      return
    }
    this.#rest()
    this.#failures += 1
    const waitMs = isTransient || this.#failures > 1 ? backoffMs(backoff, this.#failures, random()) : 0
    this.#cancel = clock.after(Math.max(waitMs, wishMs(facts)), () => this.#hear())
  }

  /** @returns whether the program wants to go on, from elsewhere */
  #jump({ facts }: ProblemError, code: Gap['code']): boolean {
    const { earliestOffset, nextOffset: latestOffset } = facts
    const gap = { code, channel: this.channel, offset: String(this.start), earliestOffset, latestOffset }
    let choice: GapChoice = 'stop'
    try {
      choice = this.#settings.onGap(gap)
    } catch (thrown) {
      // The program's own mistake is its iteration's, and no trouble of the connection.
      this.#stop(thrown)
    }
    this.start = choice === 'earliest' ? (earliestOffset ?? '-1') : (latestOffset ?? 'now')
    this.withOffsets = !isOffset(this.start)
    return choice !== 'stop'
  }

  #rest(): void {
    this.#isResting = true
    this.#carrier.rest(this)
  }

  #hear(): void {
    this.#cancel()
    this.#isResting = this.#isFull = false
    this.#carrier.hear(this)
  }

  #stop(error?: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#cancel()
    this.#carrier.leave(this)
    this.#wake()
  }
}

/**
 * The offset after each message of what comes next.
 *
 * @returns undefined when it is to be asked for with its offsets
 * @throws ProblemError `answer-malformed` for what does not come next
 */
export function freshOffsets(
  { start, withOffsets }: Hearing,
  envelope: Envelope,
): readonly string[] | undefined {
  const offsets = offsetsOf(envelope, start)
  const { messages = [] } = envelope
  if (offsets ? isBehind(offsets, messages, start) : withOffsets) throw answerMalformed(repeated)
  return offsets
}

const repeated = 'An answer does not go on from where the channel was: a cache between?'

/** Whether a cache, say, tells again what was heard, or an older place. */
function isBehind([first = '']: readonly string[], { length }: readonly unknown[], start: Start): boolean {
  return isOffset(start) && (length > 0 ? first <= start : first < start)
}

function bytes(message: unknown): Uint8Array {
  return Uint8Array.from(atob(String(message)), (character) => character.charCodeAt(0))
}
