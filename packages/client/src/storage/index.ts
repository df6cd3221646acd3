export type { WayMemory } from '../choosing/way-memory.js'
export {
  type HearableChannel,
  type OffsetStorage,
  type Stored,
  type StoredOptions,
  stored,
} from './stored.js'
export { storedWays } from './stored-ways.js'
