import type { Engine } from './engine.js'
import type { Verification } from './engines/disk/index.js'
import { MemoryEngine } from './engines/memory.js'
import { TieredEngine } from './tiered-engine.js'

/**
 * @param options.folder for the disk engine
 * @throws Problem `storage-unavailable`, `storage-damaged` when the folder can not be used
 */
export async function openEngine(options: {
  engine: 'disk' | 'memory'
  folder: string
  durability: 'fsync' | 'os'
}): Promise<Engine> {
  if (options.engine === 'memory') return new MemoryEngine()
  // Loaded only when it is used: it brings native code with it.
  const { openDiskEngine } = await import('./engines/disk/index.js')
  return new TieredEngine(await openDiskEngine(options), new MemoryEngine())
}

/** @see verify.ts of the disk engine */
export async function verifyFolder(folder: string): Promise<Verification> {
  const disk = await import('./engines/disk/index.js')
  return await disk.verifyFolder(folder)
}
