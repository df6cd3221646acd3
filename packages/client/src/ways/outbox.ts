import type { ChannelKind } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import { type Published, type PublishOptions, RawJson } from './publisher.js'

/** One message as it goes on the wire: a JSON text, a text, or bytes. */
export type Encoded = string | Uint8Array

/** One call of `publish`, until its last message is acknowledged. */
interface Call {
  readonly resolve: (published: Published) => void
  readonly reject: (error: unknown) => void
  isSettled: boolean
}

/** What goes into one append, alone or with others. */
export interface Unit {
  readonly messages: readonly Encoded[]
  /** Characters or bytes. */
  readonly length: number
  readonly close: boolean
  readonly isLastOfCall: boolean
  readonly call: Call
  /** A request that held it with others was refused: whose fault it is shows when each goes by itself. */
  goesAlone: boolean
}

const defaultMaxQueuedLength = 16 * 1024 * 1024

/**
 * What was given to a publisher and is not acknowledged yet, in order, within a bound.
 *
 * A unit leaves the queue when it is taken; the taker brings it back, or says how it ended.
 */
export class Outbox {
  readonly #kind: ChannelKind
  readonly #maxQueuedLength: number
  readonly #calls = new Map<Call, Promise<Published>>()
  #queue: Unit[] = []
  /** Of all units that have not ended, taken ones too. */
  #length = 0

  constructor(kind: ChannelKind, maxQueuedLength = defaultMaxQueuedLength) {
    this.#kind = kind
    this.#maxQueuedLength = maxQueuedLength
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  /** @returns rejects with ProblemError `message-invalid`, `message-empty` or `queue-full` at once */
  add(messages: readonly unknown[], options: PublishOptions = {}): Promise<Published> {
    const close = options.close ?? false
    let encoded: Encoded[]
    try {
      encoded = messages.map((message) => encodeMessage(this.#kind, message))
      if (encoded.length === 0 && !close)
        throw new ProblemError('message-empty', 'Publish at least one message.')
      this.#checkRoom(totalLength(encoded))
    } catch (error) {
      return handled(Promise.reject(error))
    }
    const { promise, call } = newCall()
    this.#calls.set(call, promise)
    const groups = this.#kind === 'json' || encoded.length === 0 ? [encoded] : encoded.map((one) => [one])
    groups.forEach((group, index) => {
      const isLastOfCall = index === groups.length - 1
      const length = totalLength(group)
      this.#length += length
      this.#queue.push({
        messages: group,
        length,
        close: close && isLastOfCall,
        isLastOfCall,
        call,
        goesAlone: false,
      })
    })
    return promise
  }

  /** @returns the units of the next append: the first that waits, and with it what fits into `maxLength` */
  take(maxLength: number): Unit[] {
    const taken: Unit[] = []
    let length = 0
    for (let unit = this.#queue[0]; unit !== undefined; unit = this.#queue[0]) {
      if (unit.call.isSettled) {
        // An earlier part of its call was refused.
        this.#queue.shift()
        this.#length -= unit.length
        continue
      }
      const previous = taken.at(-1)
      const isFull = previous !== undefined && length + unit.length > maxLength
      if (isFull || (previous && (previous.close || previous.goesAlone || unit.goesAlone))) break
      this.#queue.shift()
      taken.push(unit)
      length += unit.length
    }
    return taken
  }

  bringBack(units: readonly Unit[]): void {
    this.#queue.unshift(...units)
  }

  acknowledge(units: readonly Unit[], published: Published): void {
    for (const unit of units) {
      this.#length -= unit.length
      if (unit.isLastOfCall) this.#settle(unit.call, () => unit.call.resolve(published))
    }
  }

  refuse(units: readonly Unit[], error: unknown): void {
    for (const unit of units) {
      this.#length -= unit.length
      this.#settle(unit.call, () => unit.call.reject(error))
    }
  }

  failAll(error: unknown): void {
    this.#queue = []
    this.#length = 0
    for (const call of [...this.#calls.keys()]) this.#settle(call, () => call.reject(error))
  }

  /** Resolves when all calls so far have ended in one way or the other. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#calls.values()])
  }

  #settle(call: Call, settle: () => void): void {
    if (call.isSettled) return
    call.isSettled = true
    this.#calls.delete(call)
    settle()
  }

  #checkRoom(length: number): void {
    if (this.#length === 0 || this.#length + length <= this.#maxQueuedLength) return
    const detail = `More than ${this.#maxQueuedLength} characters wait to be published. Await earlier ones first.`
    throw new ProblemError('queue-full', detail)
  }
}

function newCall(): { promise: Promise<Published>; call: Call } {
  let resolve: Call['resolve'] = () => {}
  let reject: Call['reject'] = () => {}
  const promise = new Promise<Published>((onFulfilled, onRejected) => {
    resolve = onFulfilled
    reject = onRejected
  })
  return { promise: handled(promise), call: { resolve, reject, isSettled: false } }
}

/** A failure that the caller does not look at must not end its process. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function encodeMessage(kind: ChannelKind, message: unknown): Encoded {
  if (kind === 'json') return message instanceof RawJson ? message.text : stringified(message)
  if (kind === 'text') {
    if (typeof message !== 'string') throw notAMessage('A text channel takes strings.')
    return nonEmpty(message)
  }
  if (!(message instanceof Uint8Array)) throw notAMessage('A binary channel takes Uint8Arrays.')
  // A copy: the caller may use its buffer again while this waits, or is sent a second time.
  return nonEmpty(message.slice())
}

function stringified(message: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(message)
  } catch (error) {
    throw notAMessage('The value can not be written as JSON.', error)
  }
  if (text === undefined) throw notAMessage('A JSON channel takes JSON values; undefined is none.')
  return text
}

function nonEmpty<T extends Encoded>(message: T): T {
  if (message.length === 0) throw new ProblemError('message-empty', 'A message has at least one byte.')
  return message
}

function notAMessage(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('message-invalid', detail, { cause })
}

function totalLength(messages: readonly Encoded[]): number {
  return messages.reduce((length, message) => length + message.length, 0)
}
