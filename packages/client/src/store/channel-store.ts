import type { Channel, ChannelEvent } from '../channel/channel.js'

export interface StoreOptions {
  /** So many messages are kept, the last ones. Default: 1,000. */
  readonly limit?: number
  /** Ends the hearing for good. Default: the channel's. */
  readonly signal?: AbortSignal
}

/** Never changed, only replaced. */
export interface ChannelSnapshot<Message> {
  /** The last `limit`, oldest first. */
  readonly messages: readonly Message[]
  /** After the last message. */
  readonly offset: string | undefined
  /**
   * `idle`: nobody has subscribed. `closed`: nothing can follow, or the signal or the client ended it. `failed`:
   * `error` says why; the next first subscriber tries again, from `offset`.
   */
  readonly state: 'idle' | 'hearing' | 'closed' | 'failed'
  readonly error: unknown
}

/** What `useSyncExternalStore` of React takes, and what a few lines make a ref, a signal or a store of. */
export interface ChannelStore<Message> {
  /** @returns what ends it */
  subscribe(listener: () => void): () => void
  getSnapshot(): ChannelSnapshot<Message>
  readonly publish: Channel<Message>['publish']
}

/** What of a channel is needed here. */
export type StorableChannel<Message> = Pick<Channel<Message>, 'events' | 'publish'>

/** One for all, so that who changes from one new store to another sees no change. */
const nothing: ChannelSnapshot<never> = { messages: [], offset: undefined, state: 'idle', error: undefined }

/**
 * A channel's last messages, for what shows them. It hears while somebody is subscribed: the last one may leave and
 * the next one come in the same turn without a trace, and after a longer pause it goes on from its offset.
 *
 * Messages that come together are told together.
 */
export function channelStore<Message>(
  channel: StorableChannel<Message>,
  { limit = 1_000, signal }: StoreOptions = {},
): ChannelStore<Message> {
  const listeners = new Set<() => void>()
  let snapshot: ChannelSnapshot<Message> = nothing
  let { offset, state, error } = snapshot
  const kept: Message[] = []
  let hearing: AsyncIterator<ChannelEvent<Message>> | undefined

  const { soon, now } = oncePerFrame(() => {
    snapshot = { messages: kept.slice(Math.max(0, kept.length - limit)), offset, state, error }
    tell(listeners)
  })

  const become = (next: typeof state, reason?: unknown) => {
    state = next
    error = reason
    if (next !== 'hearing') hearing = undefined
    soon()
  }

  const hear = async () => {
    const own = channel.events({ signal, offset })[Symbol.asyncIterator]()
    hearing = own
    become('hearing')
    try {
      for (;;) {
        const step = await own.next()
        if (own !== hearing) return
        if (step.done) return become('closed')
        offset = step.value.offset
        // Twice as many as are kept may wait for the next frame.
        if (kept.push(step.value.data) > 2 * limit) kept.splice(0, kept.length - limit)
        soon()
      }
    } catch (reason) {
      if (own === hearing) become('failed', reason)
    }
  }

  const leave = () => {
    if (listeners.size > 0 || !hearing) return
    void hearing.return?.()
    become('idle')
    now()
  }

  return {
    subscribe(listener) {
      const own = () => listener()
      listeners.add(own)
      if (!hearing && listeners.size === 1) void hear()
      return () => {
        if (listeners.delete(own)) setTimeout(leave)
      }
    },
    getSnapshot: () => snapshot,
    publish: (message, options) => channel.publish(message, options),
  }
}

/** What one listener throws is heard of by the page's `error` event; the others are told all the same. */
function tell(listeners: Iterable<() => void>): void {
  for (const listener of [...listeners]) {
    try {
      listener()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/** Listeners are told at most once a frame, milliseconds: nobody sees more. */
const frameMs = 16

/** `soon`: in a moment after a pause, else with the next frame; several become one. */
function oncePerFrame(act: () => void): { soon(): void; now(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let actedAtMs = 0
  const now = () => {
    clearTimeout(timer)
    timer = undefined
    actedAtMs = performance.now()
    act()
  }
  const soon = () => {
    timer ??= setTimeout(now, actedAtMs + frameMs - performance.now())
  }
  return { soon, now }
}
