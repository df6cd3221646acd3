import type { Channel } from '@tidings/client'
import { channelStore } from '@tidings/client/store'
import { onScopeDispose, shallowRef } from 'vue'

/** In `setup()`: `view.value.messages`, heard until the component or its scope has gone. */
export function useChannel<Message>(channel: Channel<Message>) {
  const { subscribe, getSnapshot, publish } = channelStore(channel)
  const view = shallowRef(getSnapshot())
  const leave = subscribe(() => {
    view.value = getSnapshot()
  })
  onScopeDispose(leave)
  return { view, publish }
}
