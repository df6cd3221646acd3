import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@tidings/protocol'
import { aboutKey } from './about.js'
import { dataFileName } from './data-file.js'
import { Database } from './database.js'
import { currentFormat, writeFolderRecord } from './folder-record.js'
import { encodeRecord } from './records.js'
import { makeFolder, syncFolder } from './sync-folder.js'
import { isFull } from './write-failure.js'

/**
 * Copies what is committed now into a folder that a server can be started on. The copy is marked so that this
 * server starts new histories: the log that was copied goes on without it, and its later offsets must be
 * refused by the copy, not be taken for those of other messages. Offsets up to the copy's end are good in both.
 *
 * @throws Problem `backup-refused` when the folder is not empty, `storage-full`, `storage-unavailable`
 */
export async function backupInto(database: Database, folder: string): Promise<void> {
  await orRefused(folder, async () => {
    await makeFolder(folder)
    if ((await readdir(folder)).length > 0) {
      throw new Problem(
        'backup-refused',
        `The folder ${folder} is not empty. Name one that is, or a new one.`,
      )
    }
    const aside = join(folder, 'unfinished')
    try {
      await mkdir(aside)
      await database.copyInto(aside)
      await markAsCopy(aside)
      await rename(join(aside, dataFileName), join(folder, dataFileName))
      await syncFolder(folder)
      // Last: without it no server takes the folder for a whole one.
      await writeFolderRecord(folder, {
        format: currentFormat,
        durability: 'fsync',
        bootId: undefined,
        isSettled: true,
      })
    } catch (error) {
      await rm(join(folder, dataFileName), { force: true })
      throw error
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  })
}

/** Flushes the copy as well. */
async function markAsCopy(folder: string): Promise<void> {
  const copy = new Database(folder, { durability: 'fsync' })
  try {
    const value = encodeRecord(1)
    await copy.writeAndFlush(
      [aboutKey.dataMayBeGone, aboutKey.isCopy].map((key) => ({ table: copy.about, key, value })),
    )
  } finally {
    await copy.close()
  }
}

async function orRefused(folder: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (error instanceof Problem) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw isFull(error)
      ? new Problem(
          'storage-full',
          `The disk of ${folder} is full. Free space there, or name another folder.`,
        )
      : new Problem('backup-refused', `The folder ${folder} can not be used: ${reason}.`)
  }
}
