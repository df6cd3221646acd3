import type { ChannelKind } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import { type Encoded, encodeMessage } from './encode.js'

export interface Published {
  /** The position after the append that held these messages (and others that were gathered with them). */
  readonly nextOffset: string
  /** It had been kept before, by an attempt whose answer was lost. */
  readonly duplicate: boolean
}

/** How an append ended. */
export type Answer = Published | { readonly error: unknown }

/** One call of `publish`, which ends with its last unit, or with the first that fails. */
interface Call {
  readonly resolve: (published: Published) => void
  readonly reject: (error: unknown) => void
  hasFailed?: boolean
}

/** What goes into one append, alone or with others. */
export interface Unit {
  readonly messages: readonly Encoded[]
  /** Characters or bytes. */
  readonly length: number
  readonly close: boolean
  readonly isLast: boolean
  readonly call: Call
}

const defaultMaxQueuedLength = 16 * 1024 * 1024

/**
 * What was given to a publisher and is not acknowledged yet, in order, within a bound.
 *
 * A unit leaves the queue when it is taken; the taker says how it ended.
 */
export class Outbox {
  readonly #kind: ChannelKind
  readonly #maxQueuedLength: number
  #queue: Unit[] = []
  /** Of all units that have not ended, taken ones too. */
  #length = 0

  constructor(kind: ChannelKind, maxQueuedLength = defaultMaxQueuedLength) {
    this.#kind = kind
    this.#maxQueuedLength = maxQueuedLength
  }

  /** @throws ProblemError `message-invalid`, `message-empty`, `queue-full` */
  add(messages: readonly unknown[], close: boolean, call: Call): void {
    const encoded = messages.map((message) => encodeMessage(this.#kind, message))
    if (encoded.some(({ length }) => length === 0) || (encoded.length === 0 && !close))
      throw new ProblemError('message-empty', 'Publish at least one message, of at least one byte.')
    if (this.#length > 0 && this.#length + lengthOf(encoded) > this.#maxQueuedLength) {
      const detail = `More than ${this.#maxQueuedLength} characters wait to be published. Await earlier ones.`
      throw new ProblemError('queue-full', detail)
    }
    const isOne = this.#kind === 'json' || encoded.length === 0
    this.#queue.push(...this.units(isOne ? [encoded] : encoded.map((message) => [message]), close, call))
  }

  /** @returns units that count, and do not wait in the queue */
  units(groups: readonly (readonly Encoded[])[], close: boolean, call: Call): Unit[] {
    return groups.map((messages, index) => {
      const isLast = index === groups.length - 1
      const length = lengthOf(messages)
      this.#length += length
      return { messages, length, close: close && isLast, isLast, call }
    })
  }

  /** @returns the units of the next append: the first that waits, and with it what fits into `maxLength` */
  take(maxLength: number): Unit[] {
    const taken: Unit[] = []
    let length = 0
    for (let unit = this.#queue[0]; unit; unit = this.#queue[0]) {
      if (unit.call.hasFailed) this.#length -= unit.length
      else {
        if (taken.length > 0 && (length + unit.length > maxLength || taken.at(-1)?.close)) break
        taken.push(unit)
        length += unit.length
      }
      this.#queue.shift()
    }
    return taken
  }

  settle(units: readonly Unit[], answer: Answer): void {
    for (const { call, length, isLast } of units) {
      this.#length -= length
      if ('error' in answer) {
        call.hasFailed = true
        call.reject(answer.error)
      } else if (isLast) call.resolve(answer)
    }
  }

  /** What waits will not be taken. */
  fail(error: unknown): void {
    this.settle(this.#queue.splice(0), { error })
  }
}

function lengthOf(messages: readonly Encoded[]): number {
  return messages.reduce((length, message) => length + message.length, 0)
}
