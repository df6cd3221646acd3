import type { ChannelKind } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import type { Encoded } from './queue.js'
import { RawJson } from './raw-json.js'

export interface Published {
  /** The position after the append that held these messages (and others that were gathered with them). */
  readonly nextOffset: string
  /** It had been kept before, by an attempt whose answer was lost. */
  readonly duplicate: boolean
}

/** One call of `publish`, until its last message is acknowledged. */
interface Call {
  readonly promise: Promise<Published>
  readonly resolve: (published: Published) => void
  readonly reject: (error: unknown) => void
}

/** What goes into one append, alone or with others. */
export interface Unit {
  readonly messages: readonly Encoded[]
  /** Characters or bytes. */
  readonly length: number
  readonly close: boolean
  readonly isLastOfCall: boolean
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
  /** Those that have not ended. */
  readonly #calls = new Set<Call>()
  #queue: Unit[] = []
  /** Of all units that have not ended, taken ones too. */
  #length = 0

  constructor(kind: ChannelKind, maxQueuedLength = defaultMaxQueuedLength) {
    this.#kind = kind
    this.#maxQueuedLength = maxQueuedLength
  }

  /** @returns rejects with ProblemError `message-invalid`, `message-empty` or `queue-full` at once */
  add(messages: readonly unknown[], close = false): Promise<Published> {
    try {
      const encoded = messages.map((message) => encodeMessage(this.#kind, message))
      if (encoded.length === 0 && !close)
        throw new ProblemError('message-empty', 'Publish at least one message.')
      this.#checkRoom(lengthOf(encoded))
      const isOne = this.#kind === 'json' || encoded.length === 0
      const units = this.units(isOne ? [encoded] : encoded.map((message) => [message]), close)
      this.#queue.push(...units)
      return (units[0] as Unit).call.promise
    } catch (error) {
      return handled(Promise.reject(error))
    }
  }

  /** @returns the units of a new call, which are not in the queue */
  units(groups: readonly (readonly Encoded[])[], close: boolean): Unit[] {
    const call = newCall()
    this.#calls.add(call)
    return groups.map((messages, index) => {
      const isLastOfCall = index === groups.length - 1
      const length = lengthOf(messages)
      this.#length += length
      return { messages, length, close: close && isLastOfCall, isLastOfCall, call }
    })
  }

  /** @returns the units of the next append: the first that waits, and with it what fits into `maxLength` */
  take(maxLength: number): Unit[] {
    const taken: Unit[] = []
    let length = 0
    for (let unit = this.#queue[0]; unit; unit = this.#queue[0]) {
      // An earlier part of its call may have been refused.
      if (!this.#calls.has(unit.call)) this.#length -= unit.length
      else {
        if (taken.length > 0 && (length + unit.length > maxLength || taken.at(-1)?.close)) break
        taken.push(unit)
        length += unit.length
      }
      this.#queue.shift()
    }
    return taken
  }

  acknowledge(units: readonly Unit[], published: Published): void {
    this.#end(units)
    for (const { call, isLastOfCall } of units) {
      if (!isLastOfCall) continue
      this.#calls.delete(call)
      call.resolve(published)
    }
  }

  refuse(units: readonly Unit[], error: unknown): void {
    this.#end(units)
    for (const { call } of units) {
      this.#calls.delete(call)
      call.reject(error)
    }
  }

  failAll(error: unknown): void {
    this.#queue = []
    this.#length = 0
    for (const { reject } of this.#calls) reject(error)
    this.#calls.clear()
  }

  /** Resolves when all calls so far have ended in one way or the other. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#calls].map(({ promise }) => promise))
  }

  #end(units: readonly Unit[]): void {
    for (const { length } of units) this.#length -= length
  }

  #checkRoom(length: number): void {
    if (this.#length === 0 || this.#length + length <= this.#maxQueuedLength) return
    const detail = `More than ${this.#maxQueuedLength} characters wait to be published. Await earlier ones first.`
    throw new ProblemError('queue-full', detail)
  }
}

function newCall(): Call {
  let settle!: Pick<Call, 'resolve' | 'reject'>
  const promise = new Promise<Published>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise: handled(promise), ...settle }
}

/** A failure that the caller does not look at must not end its process. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function encodeMessage(kind: ChannelKind, message: unknown): Encoded {
  if (kind === 'json') return message instanceof RawJson ? message.text : stringified(message)
  const isKind = kind === 'text' ? typeof message === 'string' : message instanceof Uint8Array
  if (!isKind) throw notAMessage(`A ${kind} channel takes ${kind === 'text' ? 'strings' : 'Uint8Arrays'}.`)
  // A copy: the caller may use its buffer again while this waits, or is sent a second time.
  const encoded = (message as Encoded).slice()
  if (encoded.length === 0) throw new ProblemError('message-empty', 'A message has at least one byte.')
  return encoded
}

function stringified(message: unknown): string {
  let text: string | undefined
  let cause: unknown
  try {
    text = JSON.stringify(message)
  } catch (error) {
    cause = error
  }
  if (text === undefined) throw notAMessage('The value can not be written as JSON.', cause)
  return text
}

function notAMessage(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('message-invalid', detail, { cause })
}

function lengthOf(messages: readonly Encoded[]): number {
  return messages.reduce((length, message) => length + message.length, 0)
}
