import { invariant } from '@tidings/protocol'
import { currentFormat, type FolderRecord, writeFolderRecord } from './folder-record.js'

/**
 * What brings a folder from the format of the key to the next one. It may be cut off anywhere and is then done
 * again from its start, so it must find its own half-done work to be as good as none. There is no way back.
 */
const steps: Readonly<Record<number, (folder: string) => Promise<void>>> = {
  // Nothing that is there changes: the fields of retention and durability are absent from old records, and the
  // table of memory channels is made, empty, when the database is opened. What changes is what may come.
  1: async () => {},
}

/**
 * Brings a folder of an older format up to the present one, step by step; each is written down once it is done.
 *
 * @returns the record as it is then
 */
export async function upgradeFolder(folder: string, record: FolderRecord): Promise<FolderRecord> {
  let upgraded = record
  while (upgraded.format < currentFormat) {
    const step = steps[upgraded.format]
    invariant(step !== undefined, `there is a way from format ${upgraded.format} on`)
    await step(folder)
    upgraded = { ...upgraded, format: upgraded.format + 1 }
    await writeFolderRecord(folder, upgraded)
  }
  return upgraded
}
