import { join, resolve } from 'node:path'
import { Problem } from '@tidings/protocol'
import { decodeBatch } from '../../batch-record.js'
import { aboutKey } from './about.js'
import { dataFileName } from './data-file.js'
import { FolderLock } from './folder-lock.js'
import { currentBootId, mayHaveLost, readFolderRecord } from './folder-record.js'
import { endOfBatchKey, idOfKey } from './keys.js'
import { type Entry, PageFault, PageFile } from './page-file.js'
import { decodeChannel, decodeNumber, decodeProducer } from './records.js'
import { VerifiedChannels } from './verified-channels.js'

/** Faults that are told one by one; the rest is counted. */
const mostFaults = 100

/** What was found in a data folder. */
export interface Verification {
  /** What was looked at, in words and numbers. */
  readonly checked: readonly string[]
  /** A sentence each; none when all is sound. */
  readonly faults: readonly string[]
}

/**
 * Looks at everything that a data folder holds, and changes nothing: every page in use, the checksum of every
 * batch and record, that the positions of each channel go on without gaps and under the histories that the
 * channel says, that forks stand on data that is there and are counted, and that producers belong to channels.
 *
 * @throws Problem `storage-unavailable` when a server uses the folder, it was never one, or it is of a newer
 *   Tidings
 */
export async function verifyFolder(folder: string): Promise<Verification> {
  const path = resolve(folder)
  const record = await readFolderRecord(path)
  if (!record) {
    throw new Problem('storage-unavailable', `${path} is no data folder of Tidings: it has no tidings.json.`)
  }
  const lock = await FolderLock.take(path)
  try {
    if (mayHaveLost(record, await currentBootId())) {
      throw new Problem(
        'storage-unavailable',
        `The data folder ${path} was in use with durability os when the operating system stopped, so its last commits may be there in part. Start a server on it, which goes back to the last whole one, stop it, and verify again.`,
      )
    }
    return await new FolderVerifier().run(join(path, dataFileName))
  } finally {
    await lock.release()
  }
}

class FolderVerifier {
  readonly #faults: string[] = []
  #faultCount = 0
  #checked = { batches: 0, messages: 0, bytes: 0, producers: 0, removed: 0 }
  readonly #channels = new VerifiedChannels((fault) => this.#fault(fault))

  async run(file: string): Promise<Verification> {
    try {
      const pages = await PageFile.open(file)
      try {
        await this.#readAll(pages)
      } finally {
        await pages.close()
      }
    } catch (error) {
      if (!(error instanceof PageFault)) throw error
      this.#fault(`${file}: ${error.message}`)
    }
    this.#channels.finish()
    const { batches, messages, bytes, producers, removed } = this.#checked
    const untold = this.#faultCount - this.#faults.length
    return {
      checked: [
        `${this.#channels.count} channels, ${this.#channels.forkCount} of them forks`,
        `${messages} messages in ${batches} batches, ${bytes} bytes`,
        `${producers} producers, ${removed} removed channels still to be swept`,
      ],
      faults: untold > 0 ? [...this.#faults, `… and ${untold} more`] : this.#faults,
    }
  }

  async #readAll(pages: PageFile): Promise<void> {
    // Each table by itself: that one can't be read to its end says nothing of the others.
    await this.#table(pages, 'about', ({ key, value }) => {
      const number = decodeNumber(value)
      if (key.equals(aboutKey.lastHistory)) this.#channels.lastHistory = number
    })
    await this.#table(pages, 'channels', ({ key, value }) =>
      this.#channels.add(key.toString('utf8'), decodeChannel(value)),
    )
    await this.#table(pages, 'removed', ({ key }) => {
      this.#channels.addRemoved(idOfKey(key))
      this.#checked.removed++
    })
    await this.#table(pages, 'batches', ({ key, value }) => {
      const batch = decodeBatch(value)
      this.#checked.batches++
      this.#checked.messages += batch.messageCount
      this.#checked.bytes += batch.payload.byteLength
      this.#channels.addBatch(idOfKey(key), endOfBatchKey(key), batch)
    })
    await this.#table(pages, 'producers', ({ key, value }) => {
      decodeProducer(value)
      this.#checked.producers++
      this.#channels.addProducer(idOfKey(key))
    })
    // Folders of the first format have no such table.
    if (!pages.tableNames.includes('memory')) return
    await this.#table(pages, 'memory', ({ key }) => this.#channels.addMemory(key.toString('utf8')))
  }

  async #table(pages: PageFile, name: string, check: (entry: Entry) => void): Promise<void> {
    try {
      for await (const entry of pages.entries(name)) {
        try {
          check(entry)
        } catch (error) {
          if (!(error instanceof Problem)) throw error
          this.#fault(`${name}, ${this.#channels.describe(name, entry.key)}: ${error.message}`)
        }
      }
    } catch (error) {
      if (!(error instanceof PageFault)) throw error
      this.#fault(`the table ${name} can not be read to its end: ${error.message}`)
    }
  }

  #fault(fault: string): void {
    this.#faultCount++
    if (this.#faults.length < mostFaults) this.#faults.push(fault)
  }
}
