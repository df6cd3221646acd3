import type { Way } from '@tidings/protocol'
import type { WayReason } from '../links/link.js'
import type { Entry } from './ring.js'

/** How the leader's connection fares. */
export interface Status {
  readonly state: 'connecting' | 'steady' | 'climbing' | 'waiting'
  readonly way?: Way
  readonly reason?: WayReason
  /** Why it waits. */
  readonly error?: { readonly code: string; readonly detail: string } | undefined
  readonly retryInMs?: number | undefined
}

/** What a tab says to whoever leads. */
export type Wish =
  | { readonly type: 'ping' }
  /** It is at `start` of the channel: the answer has the same `ask`, so that none is taken for another's. */
  | {
      readonly type: 'hear'
      readonly tab: string
      readonly channel: string
      readonly start: string
      readonly ask: number
    }
  | { readonly type: 'leave'; readonly tab: string; readonly channel: string }

/** What a leader says. */
export type Saying =
  | { readonly type: 'status'; readonly count: number; readonly status: Status }
  /** To one tab: where the ring begins, and what it has after the tab's `start`. */
  | (Answer & { readonly type: 'ring'; readonly tab: string; readonly ask: number; readonly from: string })
  | (Answer & { readonly type: 'news' })

interface Answer {
  readonly channel: string
  readonly entries: readonly Entry[]
}

/** Of two that lead for a moment, the later one has the greater term. */
export type Word = Saying & { readonly term: number }

/** Whatever tabs and leaders say to each other goes to all of them; what is said in one turn goes as one message. */
export class Air<Said, Heard> {
  readonly #channel: BroadcastChannel
  #words: Said[] = []
  #isOver = false

  constructor(name: string, hear: (word: Heard) => void) {
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }) => {
      for (const word of data) if (!this.#isOver) hear(word)
    }
  }

  say(word: Said): void {
    if (this.#words.push(word) > 1) return
    queueMicrotask(() => {
      if (!this.#isOver) this.#channel.postMessage(this.#words)
      this.#words = []
    })
  }

  close(): void {
    this.#isOver = true
    this.#channel.close()
  }
}
