import {
  type ChannelKind,
  channelKind,
  closedHeader,
  nextOffsetHeader,
  type Producer,
  producerEpochHeader,
  producerIdHeader,
  producerSequenceHeader,
} from '@tidings/protocol'
import { answerMalformed, ProblemError, problemFromEnvelope } from '../problem-error.js'
import { Retry, type RetryOptions } from '../time/retry.js'
import { encodeBase64 } from '../wire/base64.js'
import { randomId } from '../wire/random-id.js'
import { handled, Outbox, type Published, type Unit } from './outbox.js'
import type { Encoded, PublishQueue } from './queue.js'

/** What a publisher sees of the world; the waits between attempts are of `RetryOptions`. */
export interface PublisherPort extends RetryOptions {
  /**
   * One POST to the channel's URL. Without it nothing is sent unless a socket is up.
   *
   * @throws ProblemError what it was refused with, or that it was not answered
   */
  readonly post?: (
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array | undefined,
    signal: AbortSignal,
  ) => Promise<{ readonly status: number; readonly headers: Headers }>
  /** Keeps what is published beyond this process. */
  readonly queue?: PublishQueue
}

export interface ChannelPublisherOptions {
  /** Of the channel; says what a message is. Default `application/json`. */
  readonly contentType?: string
  /** Default: a random one, which is right unless the program itself keeps epochs across restarts. */
  readonly producerId?: string
  /** Default 0. */
  readonly epoch?: number
  /**
   * When a newer producer of this id has taken over, take over from it (its epoch and one) instead of
   * failing. Off by default: two producers that both do so keep taking from each other.
   */
  readonly autoClaim?: boolean
  /** What may wait to be acknowledged, characters (or bytes); beyond it `publish` rejects with `queue-full`. Default 16 Mi. */
  readonly maxQueuedLength?: number
  /** Stops at once: what is not acknowledged yet rejects with `publisher-stopped`. */
  readonly signal?: AbortSignal
}

/** Puts an envelope's text on an open socket. */
export type Send = (text: string) => void

/** As much as a publisher reads of a `published` or `error` envelope. */
export interface PublishAnswer {
  readonly type: string
  readonly id?: unknown
  readonly nextOffset?: unknown
  readonly duplicate?: unknown
  readonly [other: string]: unknown
}

/** What goes in one request or envelope. Its number is its place: `#sequence` and its index in `#appends`. */
interface Append {
  readonly units: readonly Unit[]
  readonly order: number
  /** It is sent when there are none. */
  putsUnderWay: number
  /** Of the envelope that carries it over the present socket. An answer to any other says nothing any more. */
  id?: number | undefined
  /** Acted upon when it is the first: those behind an append that was refused are refused for want of it. */
  answer?: Published | { readonly error: unknown } | undefined
}

/** Envelopes that may wait for their answers; what comes then waits, and goes together. */
const maxInFlight = 64

/** Characters that are gathered into one append, unless one call alone has more. */
const maxGatheredLength = 256 * 1024
const maxGatheredOverSocketLength = 64 * 1024

/**
 * Appends to one channel, in the order of the calls, each message once however often and over whatever it had
 * to be sent.
 *
 * It sends over the socket that is up, else by POST. What was sent and is not acknowledged is sent again when that
 * changes, in order, the same messages under the same number, which the server keeps once. Over a socket
 * many appends are under way, POSTs go one at a time; what waits meanwhile is gathered in JSON channels. One
 * loop asks again: `#backOff`, with the waits and the end of `RetryOptions`.
 *
 * A promise that nobody awaits never ends the program: its failure is seen by who asks for it only.
 *
 * @see Durable Streams §5.2, §5.2.1
 */
export class ChannelPublisher {
  readonly channel: string
  readonly #port: PublisherPort
  readonly #options: ChannelPublisherOptions
  readonly #contentType: string
  readonly #kind: ChannelKind
  readonly #outbox: Outbox
  readonly #lifetime = new AbortController()
  readonly #retry: Retry
  #producerId: string
  #epoch: number
  /** The number of the first of `#appends`; the others follow it without a hole. */
  #sequence = 0
  #appends: Append[] = []
  #lastOrder = 0
  #send: Send | undefined
  #nextId = () => 0
  #posting: AbortController | undefined
  /** Why nothing is sent for the moment. */
  readonly #pauses = new Set<'queue' | 'backoff'>()
  #isDue = false
  /** What the queue had kept may have been sent in a state that is not known here. */
  #isRestored = false
  #isFinishing = false
  #failure: unknown

  constructor(channel: string, port: PublisherPort, options: ChannelPublisherOptions = {}) {
    this.channel = channel
    this.#port = port
    this.#options = options
    this.#contentType = options.contentType ?? 'application/json'
    this.#kind = channelKind(this.#contentType)
    this.#producerId = options.producerId ?? randomId()
    this.#epoch = options.epoch ?? 0
    this.#outbox = new Outbox(this.#kind, options.maxQueuedLength)
    this.#retry = new Retry(this.#lifetime.signal, port)
    if (options.signal?.aborted) this.stop()
    options.signal?.addEventListener('abort', this.stop)
    if (port.queue) void this.#restore(port.queue)
  }

  /** Aborts when nothing more is taken: `publish` rejects with the reason from then on. */
  get over(): AbortSignal {
    return this.#lifetime.signal
  }

  /**
   * @returns when the last of `messages` is kept
   * @throws ProblemError what the server refused it with, `message-invalid` and `message-empty` at once,
   * `queue-full`, `publisher-stopped`. After `producer-gap`, `producer-stale` or attempts that are used up,
   * whether a message was kept is not known any more, and every later call fails in the same way: make a new
   * publisher
   */
  publish(messages: readonly unknown[], close?: boolean): Promise<Published> {
    const failure = this.#failure ?? (this.#isFinishing ? publisherStopped() : undefined)
    if (failure !== undefined) return handled(Promise.reject(failure))
    const published = this.#outbox.add(messages, close)
    if (this.#send) this.#pump()
    else if (!this.#isDue) {
      this.#isDue = true
      // What is published in the same turn goes in one request.
      queueMicrotask(() => {
        this.#isDue = false
        this.#pump()
      })
    }
    return published
  }

  /** Resolves when everything that was given so far is acknowledged or has failed; never rejects. */
  flush(): Promise<void> {
    return this.#outbox.flush()
  }

  /** Takes no more, flushes, and stops; never rejects. */
  async finish(): Promise<void> {
    this.#isFinishing = true
    await this.flush()
    this.stop()
  }

  /**
   * From now on over this socket, which has been welcomed.
   *
   * @param nextId a number that no other envelope of the socket has
   */
  socketUp(send: Send, nextId: () => number): void {
    this.#posting?.abort()
    this.#posting = undefined
    this.#send = send
    this.#nextId = nextId
    this.#again()
  }

  /** From now on by POST. */
  socketDown(): void {
    this.#send = undefined
    this.#again()
  }

  /** @returns whether `envelope` answers one of this publisher's */
  answered(envelope: PublishAnswer): boolean {
    const { type, id, nextOffset, duplicate } = envelope
    const append = id !== undefined && this.#appends.find((append) => append.id === id)
    if (!append) return false
    append.answer =
      type === 'error'
        ? { error: problemFromEnvelope(envelope) }
        : publishedOf(nextOffset, duplicate === true)
    this.#look()
    return true
  }

  /** What is not acknowledged yet rejects with `publisher-stopped`; a queue keeps it. */
  readonly stop = (): void => {
    this.fail(publisherStopped())
  }

  /** Ends it, for `error`. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#options.signal?.removeEventListener('abort', this.stop)
    if (!(error instanceof ProblemError) || error.code !== 'publisher-stopped')
      for (const append of this.#appends) this.#settled(append, error)
    this.#posting?.abort()
    this.#appends = []
    this.#outbox.failAll(error)
    this.#lifetime.abort()
  }

  #pump(): void {
    if (this.#failure !== undefined || this.#pauses.size > 0) return
    const { post, queue } = this.#port
    // A queue has the number of what waits before the program is gone; nothing is gathered then.
    const room = queue ? Number.POSITIVE_INFINITY : this.#send ? maxInFlight : post ? 1 : 0
    while (this.#appends.length < room && this.#form()) {}
    if (!this.#send) {
      const first = this.#appends[0]
      if (post && first?.putsUnderWay === 0 && !this.#posting) void this.#post(post, first)
      return
    }
    for (const [index, append] of this.#appends.slice(0, maxInFlight).entries()) {
      if (append.putsUnderWay > 0) return
      if (append.id !== undefined) continue
      append.id = this.#nextId()
      this.#send(this.#envelope(append, index))
    }
  }

  /** @returns whether something was waiting to become an append */
  #form(): boolean {
    const { post, queue } = this.#port
    const most = this.#send ? maxGatheredOverSocketLength : maxGatheredLength
    // A POST to a channel of texts or bytes is one message.
    const units = this.#outbox.take(queue || (post && this.#kind !== 'json') ? 0 : most)
    if (units.length === 0) return false
    this.#lastOrder += 1
    const append = { units, order: this.#lastOrder, putsUnderWay: 0 }
    void this.#put(append, this.#appends.push(append) - 1)
    return true
  }

  async #post(post: NonNullable<PublisherPort['post']>, append: Append): Promise<void> {
    const posting = new AbortController()
    this.#posting = posting
    const messages = messagesOf(append)
    const body = this.#kind === 'json' && messages.length > 0 ? `[${messages.join(',')}]` : messages[0]
    let answer: Append['answer']
    try {
      const { status, headers } = await post(this.#headers(append), body, posting.signal)
      // Without messages there is nothing that could have been kept before; 204 is then the only answer.
      answer = publishedOf(headers.get(nextOffsetHeader), status === 204 && body !== undefined)
    } catch (error) {
      answer = { error }
    }
    // A socket has come: it tells.
    if (posting.signal.aborted) return
    this.#posting = undefined
    append.answer = answer
    this.#look()
  }

  /** Acts upon the answers, those of the first ones first. */
  #look(): void {
    for (let first = this.#appends[0]; first?.answer; first = this.#appends[0]) {
      if ('error' in first.answer) {
        if (!this.#refused(first, first.answer.error)) return
      } else {
        this.#retry.succeeded()
        this.#isRestored = false
        this.#appends.shift()
        this.#sequence += 1
        this.#outbox.acknowledge(first.units, first.answer)
        this.#settled(first)
      }
    }
    this.#pump()
  }

  /** @returns whether to go on at once */
  #refused(first: Append, error: unknown): boolean {
    const { code, status, facts } = error as ProblemError
    const { currentEpoch, expectedSeq } = facts ?? {}
    if (code === 'producer-stale' && this.#options.autoClaim && currentEpoch !== undefined) {
      this.#epoch = currentEpoch + 1
      this.#sequence = 0
    } else if (code === 'producer-gap' && this.#isRestored && expectedSeq !== undefined) {
      // Numbers that moved up when the last program ended, or a server that has forgotten the producer.
      this.#isRestored = false
      this.#sequence = expectedSeq
    } else if (isRefusal(error)) {
      if (status === 401 && this.#send && this.#port.post) {
        // A token that is over: a POST brings a new one.
        this.socketDown()
        return false
      }
      this.#appends.shift()
      const { units, order } = first
      if (units.length > 1)
        this.#appends.unshift(...units.map((unit) => ({ units: [unit], order, putsUnderWay: 0 })))
      else {
        this.#outbox.refuse(units, error)
        this.#settled(first, error)
      }
      // Its number is free: those behind it move up.
    } else {
      this.#backOff(error)
      return false
    }
    this.#unsend()
    this.#appends.forEach((append, index) => void this.#put(append, index))
    return true
  }

  #backOff(error: unknown): void {
    this.#unsend()
    this.#pauses.add('backoff')
    this.#retry.afterFailure(error).then(
      () => {
        this.#pauses.delete('backoff')
        this.#pump()
      },
      (permanent: unknown) => this.fail(permanent),
    )
  }

  #unsend(): void {
    for (const append of this.#appends) append.id = append.answer = undefined
  }

  #again(): void {
    this.#unsend()
    this.#pump()
  }

  async #restore(queue: PublishQueue): Promise<void> {
    this.#pauses.add('queue')
    const kept = await queue.load(this.channel).catch(() => [])
    if (this.#failure !== undefined) return
    for (const { messages, close, order } of kept) {
      this.#appends.push({ units: this.#outbox.units([messages], close), order, putsUnderWay: 0 })
      this.#lastOrder = order
    }
    const [first] = kept
    if (first) {
      this.#producerId = first.producer.id
      this.#epoch = first.producer.epoch
      this.#sequence = first.producer.seq
      this.#isRestored = true
    }
    this.#pauses.delete('queue')
    this.#pump()
  }

  async #put(append: Append, index: number): Promise<void> {
    const { queue } = this.#port
    if (!queue) return
    const { order } = append
    const messages = messagesOf(append)
    append.putsUnderWay += 1
    const producer = this.#producer(index)
    await queue
      .put({ channel: this.channel, order, messages, close: closes(append), producer })
      .catch(() => {})
    append.putsUnderWay -= 1
    this.#pump()
  }

  #settled({ order }: Append, error?: unknown): void {
    this.#port.queue?.settled({ channel: this.channel, order }, error)
  }

  #producer(index: number): Producer {
    return { id: this.#producerId, epoch: this.#epoch, seq: this.#sequence + index }
  }

  #headers(append: Append): Record<string, string> {
    const { id, epoch, seq } = this.#producer(0)
    return {
      'content-type': this.#contentType,
      [producerIdHeader]: id,
      [producerEpochHeader]: String(epoch),
      [producerSequenceHeader]: String(seq),
      ...(closes(append) && { [closedHeader]: 'true' }),
    }
  }

  /** Put together from texts, since a JSON message may be one that `stringify` would change. */
  #envelope(append: Append, index: number): string {
    const messages = messagesOf(append).map((message) => this.#encode(message))
    const head = JSON.stringify({
      type: 'publish',
      id: append.id,
      channel: this.channel,
      producer: this.#producer(index),
      ...(closes(append) && { close: true }),
      ...(this.#kind === 'binary' && { encoding: 'base64' }),
    })
    return messages.length === 0 ? head : `${head.slice(0, -1)},"messages":[${messages.join(',')}]}`
  }

  #encode(message: Encoded): string {
    if (typeof message !== 'string') return `"${encodeBase64(message)}"`
    return this.#kind === 'json' ? message : JSON.stringify(message)
  }
}

function publisherStopped(): ProblemError {
  return new ProblemError('publisher-stopped', 'The publisher was stopped before this was acknowledged.')
}

function messagesOf({ units }: Append): Encoded[] {
  return units.flatMap(({ messages }) => messages)
}

function closes({ units }: Append): boolean {
  return units.at(-1)?.close ?? false
}

function publishedOf(nextOffset: unknown, duplicate: boolean): Append['answer'] {
  if (typeof nextOffset === 'string') return { nextOffset, duplicate }
  return { error: answerMalformed('The answer to a publish has no offset.') }
}

/**
 * Whether the server has looked at an append and kept nothing of it: its number is free again, and what follows
 * is not affected. After any other failure it is not known what was kept.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ProblemError) || error.isTransient) return false
  const { code, status = 0 } = error
  if (code === 'producer-gap' || code === 'producer-stale') return false
  return (status >= 400 && status < 500) || status === 501
}
