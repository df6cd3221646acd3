import { answerMalformed, ProblemError, problemFromEnvelope } from '../../problem-error.js'
import { Retry, type RetryOptions } from '../../time/retry.js'
import type { Start } from '../../wire/start.js'
import { isData, type OtherEnvelope, type RawData } from './server-envelope.js'
import type { SocketUser, TidingsSocket } from './socket.js'

export interface SubscriptionOptions extends RetryOptions {
  /**
   * What may wait for a consumer that is slow to take it, characters of messages. Default 1 Mi. A WebSocket
   * can not be told to pause: beyond this bound the channel is left on the socket, and subscribed again from
   * the last batch that was kept once the consumer has taken half of what waits. Nothing is lost; a batch
   * that is larger than the bound waits alone.
   */
  readonly maxQueuedLength?: number
}

const defaultMaxQueuedLength = 1024 * 1024

export interface Closed {
  readonly type: 'closed'
  readonly nextOffset: string
}

/**
 * Where a subscription stands on the present connection:
 *
 *     away ──subscribe──▶ hearing ──overflow: unsubscribe──▶ leaving ──unsubscribed──▶ away
 *     each of them ──connection lost──▶ away;  ──closed, deleted, refused, ended by us──▶ over
 */
type State = 'away' | 'hearing' | 'leaving' | 'over'

/** One channel heard over a shared socket: what the server pushes, kept until somebody pulls. */
export class Subscription implements SocketUser {
  readonly #socket: TidingsSocket
  readonly #channel: string
  readonly #maxQueuedLength: number
  readonly #retry: Retry
  #state: State = 'away'
  /** Where the next subscription starts: after the last batch in the queue. */
  #start: Start
  #queue: (RawData | Closed)[] = []
  #queuedLength = 0
  /** A refusal that may pass is being waited out. */
  #isBackingOff = false
  #error: unknown
  #wake: () => void = () => {}

  constructor(
    socket: TidingsSocket,
    channel: string,
    start: Start,
    signal: AbortSignal,
    options: SubscriptionOptions,
  ) {
    this.#socket = socket
    this.#channel = channel
    this.#start = start
    this.#maxQueuedLength = options.maxQueuedLength ?? defaultMaxQueuedLength
    this.#retry = new Retry(signal, options)
    socket.join(this, channel)
  }

  /**
   * @returns the next envelope; undefined when the subscription was ended on this side
   * @throws ProblemError when it ended on the other
   */
  async next(): Promise<RawData | Closed | undefined> {
    for (;;) {
      const first = this.#queue.shift()
      if (first !== undefined) {
        this.#queuedLength -= lengthOf(first)
        this.#subscribe()
        return first
      }
      if (this.#error !== undefined) throw this.#error
      if (this.#state === 'over') return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Leaves the channel, and the socket; what waits is dropped. */
  end(): void {
    if (this.#state === 'hearing') this.#socket.unsubscribe(this.#channel)
    this.#state = 'over'
    this.#queue = []
    this.#socket.leave(this, this.#channel)
    this.#wake()
  }

  connected(): void {
    this.#subscribe()
  }

  lost(): void {
    if (this.#state !== 'over') this.#state = 'away'
  }

  failed(error: unknown): void {
    this.#stop(error)
  }

  received(envelope: RawData | OtherEnvelope): void {
    if (this.#state === 'hearing') this.#whileHearing(envelope)
    else if (this.#state === 'leaving' && envelope.type === 'unsubscribed') {
      this.#state = 'away'
      this.#subscribe()
    }
  }

  #whileHearing(envelope: RawData | OtherEnvelope): void {
    if (isData(envelope)) {
      this.#retry.succeeded()
      this.#keep(envelope)
    } else if (envelope.type === 'closed') {
      const { nextOffset } = envelope.fields
      if (typeof nextOffset !== 'string') this.#stop(answerMalformed('closed has no nextOffset.'))
      else {
        this.#queue.push({ type: 'closed', nextOffset })
        this.#stop(undefined)
      }
    } else if (envelope.type === 'deleted') {
      this.#stop(new ProblemError('channel-unknown', `${this.#channel} was deleted.`, { status: 404 }))
    } else if (envelope.type === 'error') {
      this.#refused(problemFromEnvelope(envelope.fields))
    }
  }

  #keep(envelope: RawData): void {
    const length = lengthOf(envelope)
    if (this.#queue.length > 0 && this.#queuedLength + length > this.#maxQueuedLength) {
      this.#socket.unsubscribe(this.#channel)
      this.#state = 'leaving'
      return
    }
    this.#queue.push(envelope)
    this.#queuedLength += length
    this.#start = envelope.nextOffset
    this.#wake()
  }

  #refused(error: ProblemError): void {
    this.#state = 'away'
    this.#isBackingOff = true
    this.#retry.afterFailure(error).then(
      () => {
        this.#isBackingOff = false
        this.#subscribe()
      },
      (permanent: unknown) => this.#stop(permanent),
    )
  }

  #subscribe(): void {
    const hasRoom = this.#queuedLength <= this.#maxQueuedLength / 2
    if (this.#state !== 'away' || !this.#socket.isConnected || this.#isBackingOff || !hasRoom) return
    this.#state = 'hearing'
    this.#socket.subscribe(this.#channel, this.#start)
  }

  /** The other side has ended it: what waits is still handed over. */
  #stop(error: unknown): void {
    this.#state = 'over'
    this.#error = error
    this.#socket.leave(this, this.#channel)
    this.#wake()
  }
}

function lengthOf(envelope: RawData | Closed): number {
  return envelope.type === 'data' ? envelope.messages.length : 0
}
