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
import { ProblemError, problemFromEnvelope } from '../problem-error.js'
import { systemClock } from '../time/clock.js'
import { backoffMs, defaultBackoff, type RetryOptions, wishMs } from '../time/retry.js'
import { encodeBase64 } from '../wire/base64.js'
import { randomId } from '../wire/random-id.js'
import { type Append, answerOf, appendOf, isRefusal } from './append.js'
import { type Answer, Outbox, type Published } from './outbox.js'
import type { PublishQueue } from './queue.js'

export type Post = (
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array | undefined,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly headers: Headers }>

/** What a publisher sees of the world; the waits between attempts are of `RetryOptions`. */
export interface PublisherPort extends RetryOptions {
  /**
   * One POST to the channel's URL. Without it nothing is sent unless a socket is up.
   *
   * @throws ProblemError what it was refused with, or that it was not answered
   */
  readonly post?: Post
  /** Keeps what is published beyond this process. */
  readonly queue?: PublishQueue | undefined
}

export interface ChannelPublisherOptions {
  /** Of the channel; says what a message is. Default `application/json`. */
  readonly contentType?: string | undefined
  /** Default: a random one, which is right unless the program itself keeps epochs across restarts. */
  readonly producerId?: string | undefined
  /** Default 0. */
  readonly epoch?: number
  /**
   * When a newer producer of this id has taken over, take over from it (its epoch and one) instead of
   * failing. Off by default: two producers that both do so keep taking from each other.
   */
  readonly autoClaim?: boolean
  /** What may wait to be acknowledged, characters (or bytes); beyond it `publish` rejects with `queue-full`. Default 16 Mi. */
  readonly maxQueuedLength?: number
}

/** As much as a publisher reads of a `published` or `error` envelope. */
export interface PublishAnswer {
  readonly type: string
  readonly id?: unknown
  readonly nextOffset?: unknown
  readonly duplicate?: unknown
  readonly [other: string]: unknown
}

/** Envelopes that may wait for their answers; what comes then waits, and goes together. */
const maxInFlight = 64

/**
 * Appends to one channel, in the order of the calls, each message once however often and over whatever it had
 * to be sent.
 *
 * It sends over the socket that is up, else by POST. When that changes, what was sent and is not acknowledged is
 * sent again, in order, the same messages under the same number, which the server keeps once. Over a socket
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
  /** In a row. */
  #failures = 0
  /** With the number of the first of `#appends`; the others follow it without a hole. */
  #producer: Producer
  #appends: Append[] = []
  #lastOrder = 0
  #send: ((text: string) => void) | undefined
  #nextId: () => unknown = () => ({})
  #posting: AbortController | undefined
  /** How many things say that nothing is sent for the moment: a queue that reads or writes, a wait after trouble. */
  #holds = 0
  /** What a queue has given may have been sent in a state that is not known here. */
  #isRestored = false
  /** The numbers of what is new are not known yet. */
  #isLoading = false
  #wake = () => {}
  #cancelWait = () => {}
  #failure: unknown

  constructor(channel: string, port: PublisherPort, options: ChannelPublisherOptions = {}) {
    this.channel = channel
    this.#port = port
    this.#options = options
    this.#contentType = options.contentType ?? 'application/json'
    this.#kind = channelKind(this.#contentType)
    this.#producer = { id: options.producerId ?? randomId(), epoch: options.epoch ?? 0, seq: 0 }
    this.#outbox = new Outbox(this.#kind, options.maxQueuedLength)
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
  publish(messages: readonly unknown[], close = false): Promise<Published> {
    const published = new Promise<Published>((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure
      this.#outbox.add(messages, close, { resolve, reject })
    })
    // A failure that the caller does not look at must not end its process.
    published.catch(() => {})
    if (this.#send) this.#pump()
    // What is published in the same turn goes in one request.
    else queueMicrotask(() => this.#pump())
    return published
  }

  /**
   * From now on over this socket, which has been welcomed.
   *
   * @param nextId a number that no other envelope of the socket has
   */
  socketUp(send: (text: string) => void, nextId: () => number): void {
    this.#posting?.abort()
    this.#send = send
    this.#nextId = nextId
    this.#again()
    this.wake()
  }

  /** From now on by POST. */
  socketDown(): void {
    this.#send = undefined
    this.#nextId = () => ({})
    this.#again()
  }

  /** The server can be reached again, as is known from elsewhere: a wait that it has not asked for itself is over. */
  wake(): void {
    this.#wake()
  }

  /** @returns whether `envelope` answers one of this publisher's */
  answered(envelope: PublishAnswer): boolean {
    const { type, id, nextOffset, duplicate } = envelope
    const append = id !== undefined && this.#appends.find((append) => append.id === id)
    if (!append) return false
    append.answer =
      type === 'error' ? { error: problemFromEnvelope(envelope) } : answerOf(nextOffset, duplicate === true)
    this.#look()
    return true
  }

  /** What is not acknowledged yet rejects with `publisher-stopped`; a queue keeps it. */
  stop(): void {
    const detail = 'The publisher was stopped before this was acknowledged.'
    this.#end(new ProblemError('publisher-stopped', detail))
  }

  /** Ends it, for `error`: a queue gives up what is not acknowledged. */
  fail(error: unknown): void {
    for (const append of this.#appends) this.#settled(append, error)
    this.#end(error)
  }

  #end(error: unknown): void {
    this.#failure ??= error
    this.#posting?.abort()
    this.#cancelWait()
    for (const { units } of this.#appends.splice(0)) this.#outbox.settle(units, { error })
    this.#outbox.fail(error)
    this.#lifetime.abort()
  }

  #pump(): void {
    do this.#sendAll()
    while (this.#form())
  }

  /** What a sender has room for. */
  get #room(): number {
    if (this.#failure !== undefined || this.#holds > 0) return 0
    return this.#send ? maxInFlight : this.#port.post ? 1 : 0
  }

  #sendAll(): void {
    const { post } = this.#port
    this.#appends.slice(0, this.#room).forEach((append, index) => {
      if (append.id !== undefined) return
      append.id = this.#nextId()
      if (this.#send) this.#send(this.#envelope(append, index))
      else if (post) void this.#post(post, append)
    })
  }

  /** @returns whether something that waited has become an append */
  #form(): boolean {
    const { post, queue } = this.#port
    const from = this.#appends.length
    // A queue is given what waits, with its number, before the program is gone: nothing is gathered then. A POST
    // to a channel of texts or bytes is one message.
    const maxLength = queue || (post && this.#kind !== 'json') ? 0 : this.#send ? 65_536 : 262_144
    const isKept = queue && !this.#isLoading && this.#failure === undefined
    const room = isKept ? Number.POSITIVE_INFINITY : this.#room
    while (this.#appends.length < room) {
      const units = this.#outbox.take(maxLength)
      if (units.length === 0) break
      this.#lastOrder += 1
      this.#appends.push(appendOf(units, this.#lastOrder))
    }
    void this.#put(from)
    return this.#appends.length > from
  }

  async #post(post: Post, append: Append): Promise<void> {
    const { id, messages, close } = append
    this.#posting = new AbortController()
    const { id: producerId, epoch, seq } = this.#producer
    const headers = {
      'content-type': this.#contentType,
      [producerIdHeader]: producerId,
      [producerEpochHeader]: String(epoch),
      [producerSequenceHeader]: String(seq),
      ...(close && { [closedHeader]: 'true' }),
    }
    const body = this.#kind === 'json' && messages.length > 0 ? `[${messages.join(',')}]` : messages[0]
    let answer: Answer
    try {
      const answered = await post(headers, body, this.#posting.signal)
      // Without messages there is nothing that could have been kept before; 204 is then the only answer.
      const duplicate = answered.status === 204 && body !== undefined
      answer = answerOf(answered.headers.get(nextOffsetHeader), duplicate)
    } catch (error) {
      answer = { error }
    }
    // Else it has been sent again meanwhile, over a socket.
    if (append.id !== id) return
    append.answer = answer
    this.#look()
  }

  /** Acts upon the answers, those of the first ones first. */
  #look(): void {
    for (let first = this.#appends[0]; first?.answer; first = this.#appends[0]) {
      if ('error' in first.answer) {
        if (!this.#refused(first, first.answer.error as ProblemError)) return
      } else {
        this.#failures = 0
        this.#isRestored = false
        this.#producer = this.#numbered(1)
        this.#settleFirst(first.answer)
      }
    }
    this.#pump()
  }

  /** @returns whether to go on at once */
  #refused({ units, order }: Append, error: ProblemError): boolean {
    const { code, status, facts } = error
    if (code === 'producer-stale' && this.#options.autoClaim && facts.currentEpoch !== undefined) {
      this.#producer = { ...this.#producer, epoch: facts.currentEpoch + 1, seq: 0 }
    } else if (code === 'producer-gap' && this.#isRestored && facts.expectedSeq !== undefined) {
      // Numbers that moved up when the last program ended, or a server that has forgotten the producer.
      this.#isRestored = false
      this.#producer = { ...this.#producer, seq: facts.expectedSeq }
    } else if (!isRefusal(error) || (status === 401 && this.#port.queue)) {
      // What a queue keeps waits for a token that is taken: it is not this page's to give up.
      this.#backOff(error)
      return false
    } else if (status === 401 && this.#send && this.#port.post) {
      // A token that is over: a POST brings a new one.
      this.socketDown()
      return false
    } else if (units.length > 1) {
      // Whose fault it is shows when each goes by itself.
      this.#appends.splice(0, 1, ...units.map((unit) => appendOf([unit], order)))
    } else {
      // Its number is free: those behind it move up.
      this.#settleFirst({ error })
    }
    this.#unsend()
    void this.#put(0)
    return true
  }

  #settleFirst(answer: Answer): void {
    const first = this.#appends.shift() as Append
    this.#outbox.settle(first.units, answer)
    this.#settled(first, 'error' in answer ? answer.error : undefined)
  }

  #backOff(error: ProblemError): void {
    const { backoff, clock = systemClock, random = Math.random, onRetry } = this.#port
    const settings = { ...defaultBackoff, ...backoff }
    this.#unsend()
    this.#failures += 1
    if (!(error.isTransient || isRefusal(error)) || this.#failures > settings.maxAttempts) {
      this.fail(error)
      return
    }
    const { facts } = error
    const waitMs = Math.max(wishMs(facts), backoffMs(settings, this.#failures, random()))
    onRetry?.({ error, attempt: this.#failures, waitMs })
    const resume = () => {
      this.#cancelWait()
      this.#wake = () => {}
      this.#resume()
    }
    this.#holds += 1
    this.#cancelWait = clock.after(waitMs, resume)
    if (!facts.retryAfterSeconds) this.#wake = resume
  }

  #resume(): void {
    this.#holds -= 1
    this.#pump()
  }

  #again(): void {
    this.#unsend()
    this.#pump()
  }

  #unsend(): void {
    for (const append of this.#appends) append.id = append.answer = undefined
  }

  async #restore(queue: PublishQueue): Promise<void> {
    this.#holds += 1
    this.#isLoading = true
    for (const { messages, close, order, producer } of await queue.load(this.channel).catch(() => [])) {
      if (!this.#isRestored) this.#producer = producer
      this.#isRestored = true
      this.#appends.push(appendOf(this.#outbox.units([messages], close, nobody), order))
      this.#lastOrder = order
    }
    this.#isLoading = false
    this.#resume()
  }

  async #put(from: number): Promise<void> {
    const { queue } = this.#port
    if (!queue || this.#appends.length === from) return
    const appends = this.#appends.slice(from).map(({ order, messages, close }, index) => {
      return { order, messages, close, producer: this.#numbered(from + index) }
    })
    this.#holds += 1
    await queue.put(this.channel, appends).catch(() => {})
    this.#resume()
  }

  #settled({ order }: Append, error: unknown): void {
    this.#port.queue?.settled(this.channel, order, error)
  }

  #numbered(index: number): Producer {
    return { ...this.#producer, seq: this.#producer.seq + index }
  }

  /** Put together from texts, since a JSON message may be one that `stringify` would change. */
  #envelope({ id, close, messages }: Append, index: number): string {
    const head = JSON.stringify({
      type: 'publish',
      id,
      channel: this.channel,
      producer: this.#numbered(index),
      ...(close && { close }),
      ...(this.#kind === 'binary' && { encoding: 'base64' }),
    })
    const texts = messages.map((message) => {
      if (this.#kind === 'json') return message
      return JSON.stringify(typeof message === 'string' ? message : encodeBase64(message))
    })
    return messages.length === 0 ? head : `${head.slice(0, -1)},"messages":[${texts}]}`
  }
}

/** Who waited for it is gone with the program that published it. */
const nobody = { resolve() {}, reject() {} }
