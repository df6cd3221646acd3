export type { PublishQueue, QueuedAppend } from '../publishing/queue.js'
export { type KeyedStorage, type StoredQueueOptions, storedQueue } from './stored-queue.js'
