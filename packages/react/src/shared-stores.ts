import type { Channel, ChannelOptions, Tidings } from '@tidings/client'
import { type ChannelStore, channelStore, type StoreOptions } from '@tidings/client/store'

export type UseChannelOptions<Message> = ChannelOptions<Message> & StoreOptions

interface Shared {
  readonly store: ChannelStore<unknown>
  users: number
}

const ofChannels = new WeakMap<object, unknown>()
const ofClients = new WeakMap<Tidings, Map<string, Shared>>()

/** The store that all components have who show this channel; it lives as long as the channel does. */
export function storeOfChannel<Message>(
  channel: Channel<Message>,
  options?: StoreOptions,
): ChannelStore<Message> {
  const known = ofChannels.get(channel) as ChannelStore<Message> | undefined
  const store = known ?? channelStore(channel, options)
  ofChannels.set(channel, store)
  return store
}

/**
 * One component's store for the channel of this name. Who subscribes joins who has subscribed, and only then: React
 * may throw a rendering away and never say so. What the last one leaves is shared no longer; that one still has it,
 * should it come back.
 */
export function storeOfName<Message>(
  tidings: Tidings,
  name: string,
  options?: UseChannelOptions<Message>,
): ChannelStore<Message> {
  const stores = ofClients.get(tidings) ?? new Map<string, Shared>()
  ofClients.set(tidings, stores)
  const make = () => ({ store: channelStore(tidings.channel<unknown>(name, options), options), users: 0 })
  let shared: Shared = stores.get(name) ?? make()
  const store: ChannelStore<unknown> = {
    subscribe(listener) {
      const joined = stores.get(name) ?? shared
      shared = joined
      stores.set(name, joined)
      joined.users += 1
      const end = joined.store.subscribe(listener)
      return () => {
        end()
        joined.users -= 1
        // Another may mount in the same turn.
        setTimeout(() => {
          if (joined.users === 0 && stores.get(name) === joined) stores.delete(name)
        })
      }
    },
    getSnapshot: () => shared.store.getSnapshot(),
    publish: (message, more) => shared.store.publish(message, more),
  }
  return store as ChannelStore<Message>
}
