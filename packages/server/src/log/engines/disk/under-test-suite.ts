import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Commit } from '../../engine.js'
import type { EngineUnderTest } from '../../engine-suite.js'
import type { Durability } from './durability.js'
import { openDiskEngine } from './open.js'

/** A disk engine in a folder of its own, for the engine suite. */
export async function openUnderTest(durability: Durability): Promise<EngineUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-engine-'))
  return await openIn(folder, durability)
}

async function openIn(folder: string, durability: Durability): Promise<EngineUnderTest> {
  const engine = await openDiskEngine({ folder, durability })
  let last: EngineUnderTest | undefined
  const reopen = async () => {
    await engine.close()
    last = await openIn(folder, durability)
    return last
  }
  return {
    engine,
    reopen,
    flipBit: async (bytes) => {
      await engine.close()
      await flipBit(join(folder, 'data.mdb'), bytes)
      return await reopen()
    },
    impossibleCommit,
    dispose: async () => {
      await last?.dispose()
      await engine.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Copies of a page that LMDB no longer uses are changed too: which one is used is its secret. */
async function flipBit(file: string, bytes: Uint8Array): Promise<void> {
  const data = await readFile(file)
  for (let at = data.indexOf(bytes); at !== -1; at = data.indexOf(bytes, at + 1)) {
    data[at + 3] = (data[at + 3] as number) ^ 0x10
  }
  await writeFile(file, data)
}

/** A channel that could be kept, and one whose name is too long for a key. */
function impossibleCommit(): Commit {
  const fits = { id: 8, name: 'fits', history: 8, contentType: 'text/plain', createdAtMs: 1 }
  return {
    batches: [],
    channels: [fits, { ...fits, id: 9, name: 'n'.repeat(4000) }],
    producers: [],
    removed: [],
    lastHistory: 9,
  }
}
