import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DiskAfterCut } from './disk-after-cut.js'
import { Random } from './random.js'
import type { Recording } from './recording.js'
import type { Note } from './trace.js'

export type Durability = 'fsync' | 'os'

export interface Finding {
  readonly seed: number
  /** Operations before the cut. */
  readonly at: number
  readonly lost: readonly string[]
  readonly wrong: readonly string[]
  readonly isFlagged: boolean
}

const verifier = fileURLToPath(new URL('verify.mjs', import.meta.url))

/** Cuts the power at a place and with a fate that the seed decides, and looks at what is left. */
export function cut(
  recording: Recording,
  seed: number,
  durability: Durability,
  place: 'anywhere' | 'end' = 'anywhere',
): Finding {
  const random = new Random(seed)
  const at = place === 'end' ? recording.operations.length : placeOf(recording, random)
  const disk = new DiskAfterCut(recording.top, recording.topInode)
  const notes: Note[] = []
  for (const operation of recording.operations.slice(0, at)) {
    disk.hear(operation)
    if (operation.kind === 'note') notes.push(operation.note)
  }
  const target = mkdtempSync(join(recording.folder, 'cut-'))
  disk.cutInto(target, random)
  const found = verify(join(target, 'data'), durability, notes)
  rmSync(target, { recursive: true })
  return { seed, at, ...found }
}

/** One cut in five falls into the first start, when files are made; that is a small part of the operations. */
function placeOf(recording: Recording, random: Random): number {
  const total = recording.operations.length
  const firstNote = recording.operations.findIndex((operation) => operation.kind === 'note')
  return random.next() < 0.2 ? random.below(firstNote + 1) : firstNote + random.below(total - firstNote + 1)
}

function verify(data: string, durability: Durability, notes: readonly Note[]): Omit<Finding, 'seed' | 'at'> {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [verifier, data, durability], {
    input: JSON.stringify(notes),
    // Stands for another boot id: lmdb trusts commits that were not flushed while the operating system is
    // still the run of it that they were given to, and this one is, though the disk says otherwise.
    env: { ...process.env, LMDB_RESTORE: 'safe' },
    encoding: 'utf8',
  })
  if (status === 0) return JSON.parse(stdout)
  return { lost: [], wrong: [`the check ended with ${status ?? signal}: ${stderr.trim()}`], isFlagged: false }
}
