import { access, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Problem } from '@tidings/protocol'
import { aboutKey } from './about.js'
import { checkDataFile, dataFileName } from './data-file.js'
import { type Change, Database } from './database.js'
import { DiskEngine } from './disk-engine.js'
import type { Durability } from './durability.js'
import { FolderLock } from './folder-lock.js'
import {
  currentBootId,
  currentFormat,
  type FolderRecord,
  mayHaveLost,
  readFolderRecord,
  writeFolderRecord,
} from './folder-record.js'
import { encodeRecord } from './records.js'
import { makeFolder, syncFolder } from './sync-folder.js'
import { upgradeFolder } from './upgrade.js'
import { isFull } from './write-failure.js'

/**
 * Opens a data folder for this process alone.
 *
 * @param options.folder  made when it is not there, with all that lead to it
 * @returns when all that it holds is on the disk, so that nothing is heard that a power cut could still take
 * @throws Problem `storage-unavailable` when the folder can't be written, is in use by another process (which
 *   it names) or is of a newer Tidings; `storage-damaged` when it makes no sense
 */
export async function openDiskEngine(options: {
  folder: string
  durability: Durability
}): Promise<DiskEngine> {
  const folder = resolve(options.folder)
  const lock = await orUnusable(folder, async () => {
    await makeFolder(folder)
    return await FolderLock.take(folder)
  })
  try {
    return await orUnusable(folder, () => openLocked(folder, options.durability, lock))
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openLocked(folder: string, durability: Durability, lock: FolderLock): Promise<DiskEngine> {
  const found = await readFolderRecord(folder)
  // First: a folder that can't be read is left as the version that made it knows it.
  if (found && (await hasData(folder))) {
    await checkDataFile(join(folder, dataFileName), found.durability === 'fsync' || found.isSettled)
  }
  const previous = found && (await upgradeFolder(folder, found))
  const bootId = await currentBootId()
  if (previous) await settle(folder, previous, bootId)
  else await refuseForeign(folder)
  // `os` is written down before the data is, and taken back after it: the file never claims too much.
  const next: FolderRecord = { format: currentFormat, durability, bootId, isSettled: durability === 'fsync' }
  if (previous?.durability !== 'fsync' || durability !== 'fsync') await writeFolderRecord(folder, next)
  if (!(await hasData(folder))) await createData(folder)

  const database = new Database(folder, {
    durability,
    onFlushFailed: (error) => engine.fail(error),
  })
  const engine = new DiskEngine({
    folder,
    database,
    durability,
    dataMayBeGone: database.about.get(aboutKey.dataMayBeGone) !== undefined,
    release: async (isSettled) => {
      if (isSettled && durability === 'os') await writeFolderRecord(folder, { ...next, isSettled: true })
      await lock.release()
    },
  })
  return engine
}

/**
 * Flushes what the last process left behind. It was killed, perhaps, with a commit in the memory of the
 * operating system that nobody was told of; readers hear it now, so it has to be on the disk first. A folder
 * that was used with `os` is opened so too: only that way of opening knows which commits were flushed.
 */
async function settle(folder: string, previous: FolderRecord, bootId: string | undefined): Promise<void> {
  if (!(await hasData(folder))) return
  const database = new Database(folder, { durability: previous.durability })
  const { about } = database
  const opened: Change = { table: about, key: aboutKey.openedAtMs, value: encodeRecord(Date.now()) }
  const doubt: Change = { table: about, key: aboutKey.dataMayBeGone, value: encodeRecord(1) }
  await database.writeAndFlush(mayHaveLost(previous, bootId) ? [opened, doubt] : [opened])
  await database.close()
}

/** Makes the database aside and moves it here whole: a power cut at the first start leaves no half of one. */
async function createData(folder: string): Promise<void> {
  const aside = join(folder, 'new')
  await rm(aside, { recursive: true, force: true })
  const database = new Database(aside, { durability: 'fsync' })
  const value = encodeRecord(Date.now())
  await database.writeAndFlush([{ table: database.about, key: aboutKey.openedAtMs, value }])
  await database.close()
  await rename(join(aside, dataFileName), join(folder, dataFileName))
  await syncFolder(folder)
  await rm(aside, { recursive: true, force: true })
}

async function refuseForeign(folder: string): Promise<void> {
  if (!(await hasData(folder))) return
  throw new Problem(
    'storage-unavailable',
    `The folder ${folder} holds a database that Tidings did not make. Name another folder with --data or TIDINGS_DATA.`,
  )
}

async function hasData(folder: string): Promise<boolean> {
  return await access(join(folder, dataFileName)).then(
    () => true,
    () => false,
  )
}

/** Turns what the file system or LMDB says into what to do. */
async function orUnusable<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof Problem) throw error
    const { code, message } = error as { code?: unknown; message: string }
    if (isFull(error)) {
      throw new Problem(
        'storage-full',
        `The disk of the data folder ${folder} is full (ENOSPC). Make room there, or name another folder with --data or TIDINGS_DATA.`,
        {},
        { cause: error },
      )
    }
    const advice = adviceFor(code)
    throw new Problem(
      'storage-unavailable',
      `The data folder ${folder} can not be used: ${message}. ${advice}`,
      {},
      { cause: error },
    )
  }
}

/** @param code the system's; LMDB's are numbers */
function adviceFor(code: unknown): string {
  if (typeof code === 'string') {
    return 'Give this user the right to write there, or name another folder with --data or TIDINGS_DATA.'
  }
  return 'Look at the disk; restore the folder from a copy, or name another one with --data or TIDINGS_DATA.'
}
