import type { Channel, ChannelEvent } from '../channel/channel.js'
import type { StorageLike } from '../choosing/way-memory.js'
import { pageStorage } from './page-storage.js'

/** `localStorage`, `sessionStorage`, or the like. */
export interface OffsetStorage extends StorageLike {
  removeItem(key: string): unknown
}

export interface StoredOptions {
  /** Default: `localStorage`, which all tabs of an origin share; `sessionStorage` is one tab's. */
  readonly storage?: OffsetStorage
  /** Default: `tidings:<url>:<channel>`. */
  readonly key?: string
  /** Ends the iteration: it returns, it does not throw. Default: the channel's. */
  readonly signal?: AbortSignal
  /**
   * Told once, when the storage throws (full, forbidden: its error) or holds no offset (a SyntaxError). Messages
   * are heard all the same.
   */
  readonly onTrouble?: (error: unknown) => void
}

export interface Stored<Message> extends AsyncIterable<ChannelEvent<Message>> {
  /** This message is dealt with, before the loop asks for the next: to `break` without hearing it again. */
  dealt(event: Pick<ChannelEvent<Message>, 'offset'>): void
  /**
   * Nothing is stored any more: after `offset-gone` or `history-changed`, for one. The next iteration starts as the
   * channel does, which is after its last message where it has handed one over: make it anew to start as it was told.
   */
  forget(): void
}

/** An offset that a channel takes, and that stays the same place. */
const offsetPattern = /^[0-8]\d{15}_[0-8]\d{15}$/

/** What of a channel is needed here. */
export type HearableChannel<Message> = Pick<Channel<Message>, 'events' | 'name' | 'url'>

/**
 * Goes on where the last page load stopped.
 *
 *     for await (const { data } of stored(channel)) show(data)
 *
 * Each message is heard at least once: its offset is stored when the loop asks for the next one. The one that the
 * loop was at when its body threw or the page went away comes again, and so does one at which it left with `break`,
 * which cannot be told from `throw`. The channel's own start counts when nothing is stored yet.
 */
export function stored<Message>(
  channel: HearableChannel<Message>,
  options: StoredOptions = {},
): Stored<Message> {
  const { storage = pageStorage, key = `tidings:${channel.url}:${channel.name}`, signal } = options
  let isTold = false

  const attempt = <Result>(act: () => Result): Result | undefined => {
    try {
      return act()
    } catch (error) {
      if (!isTold) options.onTrouble?.(error)
      isTold = true
      return undefined
    }
  }

  const read = () => {
    const text = storage.getItem(key)
    if (text == null) return undefined
    if (!offsetPattern.test(text)) throw new SyntaxError(`${key} holds no offset.`)
    return text
  }

  const dealt = ({ offset }: { offset: string }) => {
    attempt(() => storage.setItem(key, offset))
  }

  return {
    dealt,
    forget: () => {
      attempt(() => storage.removeItem(key))
    },
    [Symbol.asyncIterator]() {
      const events = channel.events({ signal, offset: attempt(read) })[Symbol.asyncIterator]()
      let last: ChannelEvent<Message> | undefined
      return {
        async next() {
          if (last) dealt(last)
          last = undefined
          const step = await events.next()
          last = step.value
          return step
        },
        return: async () => (await events.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}
