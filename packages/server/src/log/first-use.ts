import { invariant, type OffsetRequest } from '@tidings/protocol'
import { Channel } from './channel.js'
import type { Channels } from './channels.js'
import type { GroupCommit } from './group-commit.js'

/** What a subscription makes, and an envelope's publish. */
export const firstUseContentType = 'application/json'

/**
 * Channels that a first publish or subscription makes, where their names say so. Whatever may refuse the request is
 * asked of a draft first, which nobody else sees: what is refused leaves nothing behind.
 */
export class FirstUse {
  readonly #channels: Channels
  readonly #commits: GroupCommit
  readonly #now: () => number
  readonly #mint: () => { id: number; history: number }
  readonly #isAllowed: (name: string) => boolean
  readonly #drafts = new WeakSet<Channel>()

  constructor(options: {
    channels: Channels
    commits: GroupCommit
    now: () => number
    mint: () => { id: number; history: number }
    /** Whether a use makes the channel of this name. */
    isAllowed: (name: string) => boolean
  }) {
    this.#channels = options.channels
    this.#commits = options.commits
    this.#now = options.now
    this.#mint = options.mint
    this.#isAllowed = options.isAllowed
  }

  isAllowed(name: string): boolean {
    return this.#isAllowed(name)
  }

  /** A channel that is not there yet: for use in this turn of the event loop, in which its name stays free. */
  draft(name: string, contentType: string): Channel {
    const record = { ...this.#mint(), name, contentType, createdAtMs: this.#now() }
    const channel = new Channel(record, 0, false, this.#now)
    this.#drafts.add(channel)
    return channel
  }

  isDraft(channel: Channel): boolean {
    return this.#drafts.has(channel)
  }

  /** The draft is there from now on; kept with the next commit, and with what else is staged for it. */
  make(draft: Channel): void {
    invariant(this.#channels.lookUp(draft.name) === undefined, 'a draft is made in the turn that began it')
    this.#drafts.delete(draft)
    this.#channels.add(draft)
    this.#commits.stage(draft, { record: draft.record })
  }
}

/** Who has an offset heard a channel that was there: what came of it is told, and not begun anew. */
export function mayMake({ at }: OffsetRequest): boolean {
  return at !== 'offset'
}
