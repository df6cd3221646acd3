import type { Way } from '@tidings/protocol'
import { problemOf } from '../links/envelope.js'
import type { Envelope, Hearing, Link, LinkOwner } from '../links/link.js'
import type { Network } from '../links/network.js'
import { openShortPoll } from '../links/short-poll.js'
import { ProblemError } from '../problem-error.js'
import { randomId } from '../wire/random-id.js'
import { isOffset } from '../wire/start.js'
import { Air, type Wish, type Word } from './air.js'
import { Hub, type Shared } from './hub.js'
import { type Entry, partAfter } from './ring.js'

/** How often a tab looks whether its leader is there, milliseconds. */
const lookMs = 400
/** A leader that has said nothing for so long is asked, milliseconds: by one tab, and all hear the answer. */
const quietMs = 700
/** A leader that does not answer for so long is replaced, milliseconds. With the above: within 2 s. */
const answerMs = 750

/** A channel that is heard here. */
interface Part {
  readonly hearing: Hearing
  /** It is read here; the server has said that it has `more`; it was read to its end; the leader's news go on from it. */
  state: 'read' | 'more' | 'ready' | 'joined'
  /** Of the last wish to join. */
  ask: number
}

/**
 * Hears what the leader hears, over a BroadcastChannel, and leads when it is its turn. Each channel is first read
 * alone, by short polls, until what the leader's feed has kept goes on from there: so a tab that is late, slow or
 * without a leader asks for what it needs by itself, and the leader keeps nothing for it.
 *
 * A tab takes of an envelope what comes after its own offset, and nothing from one that begins later: whoever leads,
 * and be it two at a time, nothing is lost, repeated or out of order.
 */
export class TabLink implements Link {
  way: Way = 'websocket'
  reason: Link['reason']
  readonly #owner: LinkOwner
  readonly #network: Network
  readonly #shared: Shared
  readonly #id = randomId()
  readonly #reader: Link
  readonly #parts = new Map<string, Part>()
  #air: Air<Wish, Wish | Word> | undefined
  #hub: Hub | undefined
  /** Of the leader that is listened to. */
  #term = 0
  #seen = ''
  #asks = 0
  #heardAtMs = 0
  #askedAtMs: number | undefined
  #queue = new AbortController()
  #steals = false
  #isOver = false
  #cancel = () => {}
  #end = () => {}
  /** What holds the locks: the tab's own, which shows that it is there, and the leader's. */
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve
  })

  constructor(owner: LinkOwner, network: Network, shared: Shared) {
    this.#owner = owner
    this.#network = network
    this.#shared = shared
    const reader: LinkOwner = {
      up: () => this.#caughtUp(),
      lasting() {},
      down: (_, error) => this.#down(error),
      received: (_, envelope, length) => this.#read(envelope, length),
    }
    this.#reader = openShortPoll(reader, network)
    const start = () => this.#start()
    navigator.locks.request(shared.name + this.#id, start).catch(start)
  }

  hear(hearing: Hearing): void {
    this.#parts.set(hearing.channel, { hearing, state: 'read', ask: 0 })
    this.#reader.hear(hearing)
  }

  leave(hearing: Hearing): void {
    const { channel } = hearing
    this.#reader.leave(hearing)
    if (this.#parts.get(channel)?.hearing !== hearing) return
    this.#parts.delete(channel)
    this.#say({ type: 'leave', tab: this.#id, channel })
  }

  probe(): void {
    this.#ping()
  }

  close(): void {
    this.#isOver = true
    this.#cancel()
    this.#reader.close()
    // The server is left before another tab may come to it.
    this.#hub?.close()
    this.#air?.close()
    this.#queue.abort()
    this.#end()
  }

  #start(): Promise<void> {
    if (this.#isOver) return this.#ended
    this.#air = new Air(this.#shared.name, (word) => {
      if ('term' in word) this.#heard(word)
    })
    this.#heardAtMs = this.#network.clock.now()
    this.#ping()
    this.#look()
    void this.#campaign()
    return this.#ended
  }

  #look(): void {
    const { clock } = this.#network
    const now = clock.now()
    if (now - (this.#askedAtMs ?? now) >= answerMs) this.#steal()
    else if (now - this.#heardAtMs > quietMs) this.#ping()
    this.#cancel = clock.after(lookMs, () => this.#look())
  }

  #ping(): void {
    this.#askedAtMs ??= this.#network.clock.now()
    this.#say({ type: 'ping' })
  }

  /** The leader hangs: it does not give the lock up by itself. */
  #steal(): void {
    this.#askedAtMs = undefined
    if (this.#hub) return
    this.#steals = true
    this.#queue.abort()
  }

  /** Stands in line for the lock, leads as long as it has it, and stands in line again should it be stolen. */
  async #campaign(): Promise<void> {
    while (!this.#isOver) {
      this.#queue = new AbortController()
      const options = this.#steals ? { steal: true } : { signal: this.#queue.signal }
      this.#steals = false
      const lead = () => this.#lead()
      await navigator.locks.request(this.#shared.name, options, lead).catch(({ name }) => {
        // A page without an origin gets no locks, and has no other tabs.
        if (name !== 'AbortError') return lead()
      })
      this.#hub?.close()
      this.#hub = undefined
    }
  }

  #lead(): Promise<void> {
    if (this.#isOver) return this.#ended
    const term = Math.max(Date.now(), this.#term + 1) + Math.random()
    this.#hub = new Hub(this.#shared, term, (error) => this.#down(error))
    return this.#ended
  }

  #heard(word: Word): void {
    const { term } = word
    // A term to which one can not be added would be nobody's to follow.
    if (!(term >= this.#term && term < Number.MAX_SAFE_INTEGER)) return
    this.#heardAtMs = this.#network.clock.now()
    this.#askedAtMs = undefined
    if (term > this.#term) {
      this.#term = term
      for (const part of this.#parts.values())
        if (part.state === 'ready' || part.state === 'joined') this.#join(part)
    }
    if (word.type === 'status') {
      this.#fares(word)
      return
    }
    const part = this.#parts.get(word.channel)
    if (!part) return
    if (word.type === 'ring') {
      if (word.tab !== this.#id || word.ask !== part.ask) return
      if (word.from > String(part.hearing.start)) this.#behind(part)
      else {
        part.state = 'joined'
        this.#reader.leave(part.hearing)
      }
    }
    this.#take(part, word.entries)
  }

  #fares({ term, count, status }: Extract<Word, { type: 'status' }>): void {
    const { state, way, reason, error, retryInMs } = status
    const owner = this.#owner
    const seen = `${term} ${count}`
    owner.lasting(this)
    if (seen === this.#seen) return
    this.#seen = seen
    if (way && (state === 'steady' || state === 'climbing')) {
      this.way = way
      this.reason = reason === 'first' ? 'lost' : reason
      owner.up(this)
    }
    const problem = error && new ProblemError(error.code, error.detail, { isTransient: true })
    owner.fares?.(this, state, problem, retryInMs)
  }

  #take(part: Part, entries: readonly Entry[]): void {
    const { hearing } = part
    for (const entry of entries) {
      if (part.state !== 'joined' || this.#parts.get(hearing.channel) !== part) return
      const envelope = partAfter(entry, hearing.start)
      if (!envelope) this.#behind(part)
      else if (envelope.messages?.length !== 0) this.#received(envelope, entry.length)
    }
  }

  #received(envelope: Envelope, length: number): void {
    try {
      this.#owner.received(this, envelope, length)
    } catch (error) {
      this.#down(problemOf(error))
    }
  }

  /** Something is missing between here and what the leader has: it is read here. */
  #behind(part: Part): void {
    if (part.state === 'joined') this.#reader.hear(part.hearing)
    part.state = 'read'
  }

  #read(envelope: Envelope, length: number): void {
    const part = this.#parts.get(envelope.channel as string)
    if (part && envelope.upToDate === false) part.state = 'more'
    this.#owner.received(this, envelope, length)
  }

  /** The reader has an answer: what has no more in it is at its end. */
  #caughtUp(): void {
    for (const part of this.#parts.values()) {
      if (part.state === 'more') part.state = 'read'
      // One that has asked is answered, be it late, or by the next leader.
      else if (part.state === 'read' && isOffset(part.hearing.start)) {
        part.state = 'ready'
        this.#join(part)
      }
    }
  }

  #join(part: Part): void {
    const { channel, start } = part.hearing
    part.ask = ++this.#asks
    this.#say({ type: 'hear', tab: this.#id, channel, start: start as string, ask: part.ask })
  }

  #say(wish: Wish): void {
    this.#air?.say(wish)
  }

  #down(error: ProblemError): void {
    if (this.#isOver) return
    this.close()
    this.#owner.down(this, error)
  }
}
