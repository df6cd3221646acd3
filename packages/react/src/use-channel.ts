import type { Channel, Tidings } from '@tidings/client'
import type { ChannelSnapshot, ChannelStore, StoreOptions } from '@tidings/client/store'
import { useMemo, useSyncExternalStore } from 'react'
import { storeOfChannel, storeOfName, type UseChannelOptions } from './shared-stores.js'

export interface ChannelView<Message> extends ChannelSnapshot<Message> {
  /** The same function as long as the channel is. */
  readonly publish: Channel<Message>['publish']
}

/** What a server renders, and a browser until it has taken over. */
const nothing: ChannelSnapshot<never> = { messages: [], offset: undefined, state: 'idle', error: undefined }
const nothingYet = () => nothing

/**
 * The last messages of a channel, as they come.
 *
 *     const { messages, state, publish } = useChannel<Order>(tidings, 'orders', { last: 50 })
 *
 * Components that show one channel share one subscription, and the options of the first of them. It ends with the
 * last of them. Of a name the messages are forgotten then; who wants to keep them makes the channel outside and gives
 * that: `useChannel(orders)`.
 *
 * @param options of the channel and its store, read once; `limit` messages are kept, 1,000 by default
 */
export function useChannel<Message = unknown>(
  tidings: Tidings,
  name: string,
  options?: UseChannelOptions<Message>,
): ChannelView<Message>
export function useChannel<Message>(channel: Channel<Message>, options?: StoreOptions): ChannelView<Message>
export function useChannel<Message>(
  source: Tidings | Channel<Message>,
  nameOrOptions?: string | StoreOptions,
  options?: UseChannelOptions<Message>,
): ChannelView<Message> {
  const name = typeof nameOrOptions === 'string' ? nameOrOptions : undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: options are read once; most are written in place
  const store = useMemo<ChannelStore<Message>>(
    () =>
      name === undefined
        ? storeOfChannel(source as Channel<Message>, nameOrOptions as StoreOptions | undefined)
        : storeOfName(source as Tidings, name, options),
    [source, name],
  )
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, nothingYet)
  return { ...snapshot, publish: store.publish }
}
