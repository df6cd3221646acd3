import { invariant } from '@tidings/protocol'
import { type Batch, type Channel, type Log, messageBytesOf } from '../log/index.js'
import type { Delivery } from './delivery.js'
import type { Hub } from './hub.js'
import type { Sink } from './sink.js'
import type { Listener } from './tail.js'
import type { Turns } from './turns.js'
import type { WireForm } from './wire-form.js'

/**
 * What one read from the log brings at most, bytes as `Batch.heldBytes` has them (a single larger message alone), and
 * one write takes to a connection: a reader that is behind holds no more. All of it goes out before the next is read,
 * so that who replays from the same place reads the same pages, however little their connections take at once.
 */
const readBytes = 32 * 1024

export type End =
  | { readonly why: 'closed' }
  | { readonly why: 'removed' }
  | { readonly why: 'failed'; readonly error: unknown }

/** Whose subscriber it is: one object for all subscribers of a connection, and no closures for each. */
export interface SubscriberOwner {
  /** Messages of so many bytes of their own were pushed, beside what carries them. */
  pushed(payloadBytes: number): void
  ended(end: End, channel: Channel): void
}

/**
 * One reader's way through one channel: from the log while it is behind, from the tail once it is there.
 *
 *     catching up ──position = tail──▶ at the tail ──sink backed up──▶ waiting ──drained──▶ catching up
 *          └───────────────┴────── channel closed or removed, stop() ──────┴───▶ ended
 *
 * It joins the tail in the turn in which it finds that nothing is left to read, so there is no gap; a slow
 * reader leaves the tail, is not buffered for, and goes on from the log.
 */
export class Subscriber<Piece = Uint8Array> implements Listener {
  readonly channel: Channel
  /** Where the next message starts; 0 until a start that has to be looked up is known. */
  position = 0
  readonly #start: number | Promise<number>
  readonly #log: Log
  readonly #hub: Hub
  readonly #sink: Sink<Piece>
  readonly #form: WireForm<Piece>
  readonly #turns: Turns | undefined
  readonly #owner: SubscriberOwner
  /** Absent on nearly all: who converses on a WebSocket waits here before a close. */
  #waiters: { position: number; resolve: () => void }[] | undefined
  #isEnded = false
  /** Something was pushed: the reader knows where it is. */
  #hasPushed = false
  /** The channel's end went out with the last batch. */
  #hasToldClosed = false

  constructor(options: {
    log: Log
    hub: Hub
    channel: Channel
    position: number | Promise<number>
    sink: Sink<Piece>
    form: WireForm<Piece>
    /** Shared by those whose sinks lead to one connection: one of them reads from the log at a time. */
    turns?: Turns
    owner: SubscriberOwner
  }) {
    this.channel = options.channel
    this.#start = options.position
    if (typeof options.position === 'number') this.position = options.position
    this.#log = options.log
    this.#hub = options.hub
    this.#sink = options.sink
    this.#form = options.form
    this.#turns = options.turns
    this.#owner = options.owner
    this.channel.pin()
  }

  /** Starts to hear; its owner is told of the end once, unless it is stopped before. */
  start(): void {
    if (typeof this.#start === 'number') void this.#catchUp()
    else void this.#catchUpFrom(this.#start)
  }

  async #catchUpFrom(start: Promise<number>): Promise<void> {
    try {
      this.position = await start
    } catch (error) {
      this.#end({ why: 'failed', error })
      return
    }
    if (!this.#isEnded) await this.#catchUp()
  }

  /** Frees everything at once. Nothing is pushed after this. */
  stop(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.channel.unpin()
    this.#hub.leave(this.channel, this)
    for (const waiter of this.#waiters ?? []) waiter.resolve()
  }

  /** Resolves when everything before `position` has been pushed, or the subscriber has ended. */
  async reached(position: number): Promise<void> {
    if (this.#isEnded || this.position >= position) return
    await new Promise<void>((resolve) => {
      this.#waiters ??= []
      this.#waiters.push({ position, resolve })
    })
  }

  hear(delivery: Delivery): void {
    if (this.#sink.isBackedUp) {
      this.#hub.leave(this.channel, this)
      void this.#catchUp()
      return
    }
    const first = delivery.batches[0]
    invariant(
      !first || first.start === this.position,
      'a listener at the tail hears the batch that follows its position',
    )
    delivery.pushTo(this.#sink, this.#form)
    this.#advance(delivery.batches.at(-1))
    this.#owner.pushed(delivery.payloadBytes)
    if (delivery.isClosed) this.#end({ why: 'closed' })
  }

  removed(): void {
    this.#end({ why: 'removed' })
  }

  async #catchUp(): Promise<void> {
    try {
      let isBehind = true
      while (isBehind)
        isBehind = this.#turns ? await this.#turns.take(() => this.#step()) : await this.#step()
    } catch (error) {
      this.#end(this.channel.isGone || this.channel.isRemoved ? { why: 'removed' } : { why: 'failed', error })
    }
  }

  /** Reads once, or joins the tail. @returns whether there may be more to read */
  async #step(): Promise<boolean> {
    if (this.#sink.hasUntaken) await this.#sink.taken()
    if (this.#isEnded || this.#sink.isGone) return false
    if (this.position >= this.channel.keptTail) {
      this.#arrive()
      return false
    }
    await this.#hub.catchUp.take(async () => {
      if (this.#isEnded || this.#sink.isGone) return
      const page = await this.#log.reader.read(this.channel, this.position, readBytes)
      if (!this.#isEnded) this.#pushRead(page)
    })
    return !this.#isEnded
  }

  #pushRead(page: readonly Batch[]): void {
    const { channel } = this
    const isUpToDate = page.at(-1)?.end === channel.keptTail
    const isClosed = isUpToDate && channel.keptClosed
    this.#sink.push(this.#hub.catchUp.encoded(page, this.#form, { channel, isUpToDate, isClosed }))
    this.#hasPushed = true
    this.#hasToldClosed ||= isClosed
    this.#owner.pushed(messageBytesOf(page))
    this.#advance(page.at(-1))
    this.#sink.flush()
  }

  /** At the tail, in the turn that found it: nothing can be kept between this and `join`. */
  #arrive(): void {
    const { channel } = this
    const isClosed = channel.keptClosed
    // A close that brought no message may come when everything before it has been pushed.
    if (!this.#hasPushed || (isClosed && !this.#hasToldClosed)) {
      const word = this.#form.atTail({ channel, isUpToDate: true, isClosed })
      if (word) this.#sink.push(word)
      this.#sink.flush()
      this.#hasPushed = true
    }
    if (channel.isGone) this.#end({ why: 'removed' })
    else if (isClosed) this.#end({ why: 'closed' })
    else this.#hub.join(channel, this)
  }

  #advance(last: Batch | undefined): void {
    this.position = last?.end ?? this.position
    const waiters = this.#waiters
    if (!waiters) return
    while (waiters[0] && waiters[0].position <= this.position) waiters.shift()?.resolve()
  }

  #end(end: End): void {
    if (this.#isEnded) return
    this.stop()
    this.#owner.ended(end, this.channel)
  }
}
