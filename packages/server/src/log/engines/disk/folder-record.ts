import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@tidings/protocol'
import type { Durability } from './durability.js'
import { replaceFile } from './sync-folder.js'

/**
 * Grows when an older Tidings could not read, or would harm, what a newer one writes. How a folder of an older
 * format is brought up is in `upgrade.ts`.
 *
 *     1  the first
 *     2  retention and memory channels: one that does not know of them would give positions out again
 */
export const currentFormat = 2
const fileName = 'tidings.json'

/** What a data folder says of itself, in a file that a person can read. */
export interface FolderRecord {
  readonly format: number
  /** How the folder was last used. */
  readonly durability: Durability
  /** Names the run of the operating system in which it was last opened, where that has a name. */
  readonly bootId: string | undefined
  /** Everything that was committed is on the disk. */
  readonly isSettled: boolean
}

/**
 * @returns undefined for a folder that was never used
 * @throws Problem `storage-unavailable` when a newer Tidings made it, `storage-damaged` when it makes no sense
 */
export async function readFolderRecord(folder: string): Promise<FolderRecord | undefined> {
  const file = join(folder, fileName)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const record = parse(text)
  if (record === undefined) {
    throw new Problem(
      'storage-damaged',
      `${file} can not be understood. Restore the data folder from a copy, or name another one with --data or TIDINGS_DATA.`,
    )
  }
  if (record.format > currentFormat) {
    throw new Problem(
      'storage-unavailable',
      `The data folder ${folder} has the format ${record.format}, and this version of Tidings knows formats up to ${currentFormat}. Start the version that made it, or a newer one.`,
    )
  }
  return record
}

export async function writeFolderRecord(folder: string, record: FolderRecord): Promise<void> {
  await replaceFile(folder, fileName, `${JSON.stringify(record, null, 2)}\n`)
}

/** @returns the name of this run of the operating system; undefined where it has none that we can read */
export async function currentBootId(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return undefined
  }
}

/** Whether the operating system stopped with commits in its memory that were acknowledged, and heard. */
export function mayHaveLost(previous: FolderRecord, bootId: string | undefined): boolean {
  if (previous.durability === 'fsync' || previous.isSettled) return false
  // lmdb goes back to the last flushed commit in the same cases.
  return bootId === undefined || bootId !== previous.bootId || process.env.LMDB_RESTORE === 'safe'
}

function parse(text: string): FolderRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { format, durability, bootId, isSettled } = value as Record<string, unknown>
  if (!Number.isSafeInteger(format) || (format as number) < 1) return undefined
  // Not to be guessed: a folder of `os` that is opened as one of `fsync` is trusted beyond what was flushed.
  const isKnown = durability === 'os' || durability === 'fsync'
  if (!isKnown && (format as number) <= currentFormat) return undefined
  return {
    format: format as number,
    durability: durability === 'os' ? 'os' : 'fsync',
    bootId: typeof bootId === 'string' ? bootId : undefined,
    isSettled: isSettled === true,
  }
}
