export type { UseChannelOptions } from './shared-stores.js'
export { type ChannelView, useChannel } from './use-channel.js'
