import { rememberWays, type StorageLike, type WayMemory } from '../choosing/way-memory.js'
import { pageStorage } from './page-storage.js'

/**
 * What did not work at a server, over page loads: the `memory` of `connect`.
 *
 * @param storage default: `localStorage`; one that throws remembers nothing, and breaks nothing
 */
export function storedWays(storage: StorageLike = pageStorage): WayMemory {
  return rememberWays(storage)
}
