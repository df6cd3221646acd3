import type { Way } from '@tidings/protocol'
import { type Carried, freshOffsets } from '../channel/subscription.js'
import { Connection, type ConnectionSettings } from '../connection/connection.js'
import type { Envelope } from '../links/link.js'
import type { ProblemError } from '../problem-error.js'
import { Air, type Saying, type Status, type Wish, type Word } from './air.js'
import { Ring } from './ring.js'

/** What the tabs of an origin share. */
export interface Shared {
  /** Of the BroadcastChannel and the lock. */
  readonly name: string
  readonly ways: readonly Way[]
  readonly settings: ConnectionSettings
}

/** The leader's side: the one connection to the server, and each channel on it once, whoever hears it. */
export class Hub {
  readonly #shared: Shared
  readonly #term: number
  readonly #air: Air<Word, Wish | Word>
  readonly #connection: Connection
  readonly #feeds = new Map<string, Feed>()
  readonly #tabs = new Set<string>()
  readonly #lifetime = new AbortController()
  #status: Status = { state: 'connecting' }
  #count = 0

  /** @param over it connects no more, since that is of no use */
  constructor(shared: Shared, term: number, over: (error: ProblemError) => void) {
    this.#shared = shared
    this.#term = term
    this.#air = new Air(shared.name, (wish) => this.#heard(wish))
    this.#connection = new Connection(shared.ways, shared.settings, {
      way: (way, reason) => this.#fares({ ...this.#status, way, reason }),
      state: (state, error, retryInMs) => {
        if (state === 'over') {
          if (error && !this.#lifetime.signal.aborted) over(error)
        } else if (state !== 'idle' && state !== 'suspended') {
          const why = error && { code: error.code, detail: error.message }
          this.#fares({ ...this.#status, state, error: why, retryInMs })
        }
      },
      failed() {},
      answered() {},
      speaks() {},
      heard() {},
      surrounding() {},
    })
    this.#tell()
  }

  close(): void {
    this.#lifetime.abort()
    this.#connection.close()
    this.#air.close()
  }

  #heard(wish: Wish | Word): void {
    if (wish.type === 'ping') this.#tell()
    else if (wish.type === 'hear') this.#hear(wish)
    else if (wish.type === 'leave') this.#leave(wish.tab, wish.channel)
  }

  #hear({ tab, channel, start, ask }: Extract<Wish, { type: 'hear' }>): void {
    this.#watch(tab)
    let feed = this.#feeds.get(channel)
    if (!feed) {
      feed = new Feed(channel, start, (envelope, length) => this.#received(channel, envelope, length))
      this.#feeds.set(channel, feed)
      this.#connection.hear(feed)
    }
    feed.tabs.add(tab)
    const { ring } = feed
    this.#say({ type: 'ring', tab, ask, channel, from: ring.from, entries: ring.after(start) })
  }

  #leave(tab: string, channel: string): void {
    const feed = this.#feeds.get(channel)
    if (feed?.tabs.delete(tab) && feed.tabs.size === 0) this.#end(feed)
  }

  #end(feed: Feed): void {
    this.#feeds.delete(feed.channel)
    this.#connection.leave(feed)
  }

  /** A tab holds a lock of its own as long as it is there: who gets it knows that the tab is gone. */
  #watch(tab: string): void {
    if (this.#tabs.has(tab)) return
    this.#tabs.add(tab)
    const { signal } = this.#lifetime
    const gone = () => {
      this.#tabs.delete(tab)
      for (const channel of this.#feeds.keys()) this.#leave(tab, channel)
    }
    navigator.locks.request(this.#shared.name + tab, { signal }, gone).catch(() => {})
  }

  #received(channel: string, envelope: Envelope, length: number): void {
    const feed = this.#feeds.get(channel) as Feed
    const { ring } = feed
    if (envelope.type !== 'data') {
      this.#say({ type: 'news', channel, entries: [{ at: ring.place, envelope, length }] })
      // The server says no more of the channel; each tab decides what comes of that.
      this.#end(feed)
    } else if (!freshOffsets(feed, envelope)) {
      feed.withOffsets = true
      this.#connection.rest(feed)
      this.#connection.hear(feed)
    } else if (envelope.messages?.length) {
      feed.withOffsets = false
      this.#say({ type: 'news', channel, entries: [ring.push(envelope, length)] })
    }
  }

  #fares(status: Status): void {
    this.#status = status
    this.#count += 1
    this.#tell()
  }

  #tell(): void {
    this.#say({ type: 'status', count: this.#count, status: this.#status })
  }

  #say(saying: Saying): void {
    this.#air.say({ ...saying, term: this.#term })
  }
}

/** A channel on the wire. */
class Feed implements Carried {
  readonly channel: string
  readonly ring: Ring
  readonly tabs = new Set<string>()
  readonly received: (envelope: Envelope, length: number) => void
  withOffsets = false

  constructor(channel: string, start: string, received: (envelope: Envelope, length: number) => void) {
    this.channel = channel
    this.ring = new Ring(start)
    this.received = received
  }

  get start(): string {
    return this.ring.place
  }

  failed(): void {}
  end(): void {}
}
