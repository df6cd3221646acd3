export type { DiskEngine } from './disk-engine.js'
export type { Durability } from './durability.js'
export { openDiskEngine } from './open.js'
export { type Verification, verifyFolder } from './verify.js'
