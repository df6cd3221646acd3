export {
  type ChannelSnapshot,
  type ChannelStore,
  channelStore,
  type StorableChannel,
  type StoreOptions,
} from './channel-store.js'
