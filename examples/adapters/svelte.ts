import type { Channel } from '@tidings/client'
import { channelStore } from '@tidings/client/store'
import { readable } from 'svelte/store'

/** In a component: `$channel.messages`, heard while a component shows it. */
export function readableChannel<Message>(channel: Channel<Message>) {
  const { subscribe, getSnapshot, publish } = channelStore(channel)
  const view = readable(getSnapshot(), (set) => subscribe(() => set(getSnapshot())))
  return { ...view, publish }
}
