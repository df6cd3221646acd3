import type { Channel } from '@tidings/client'
import { channelStore } from '@tidings/client/store'
import { from } from 'solid-js'

/** In a component: `view().messages`, heard until its owner is disposed of. */
export function createChannel<Message>(channel: Channel<Message>) {
  const { subscribe, getSnapshot, publish } = channelStore(channel)
  const view = from((set) => subscribe(() => set(getSnapshot)), getSnapshot())
  return { view, publish }
}
