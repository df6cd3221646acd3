import { type Database as LmdbDatabase, open, type RootDatabase } from 'lmdb'
import { reasonOf } from './commit-failure.js'
import type { Durability } from './durability.js'
import { WriteProgress } from './write-progress.js'

/** Bytes to bytes, in the order of the keys' bytes. */
export type Table = LmdbDatabase<Buffer, Buffer>

/**
 * LMDB as we use it: five tables that change together, whole or not at all.
 *
 * For `fsync` it is plain LMDB: the pages are flushed, then the page that names their root is written and
 * flushed, and only then can anybody read them. Whatever a power cut leaves, the root that is there has its
 * pages. For `os`, lmdb's `overlappingSync`: a commit can be read when the operating system has it, and is
 * flushed behind that; a second root page names the last commit that was flushed, for after a power cut.
 */
export class Database {
  readonly batches: Table
  readonly channels: Table
  readonly producers: Table
  /** Channels that are removed and whose batches and producers are still to be swept. */
  readonly removed: Table
  /** What there is one of. */
  readonly about: Table
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #progress: WriteProgress
  readonly #durability: Durability
  readonly #onFlushFailed: (error: unknown) => void
  #hasFailed = false

  constructor(folder: string, options: { durability: Durability; onFlushFailed?: (error: unknown) => void }) {
    this.#onFlushFailed = options.onFlushFailed ?? (() => {})
    this.#root = open<Buffer, Buffer>({
      path: folder,
      // Else a folder whose name has a dot would be taken for a file.
      noSubdir: false,
      overlappingSync: options.durability === 'os',
      // Writes of one turn are one transaction only where we say so. (lmdb's own gathering per turn also
      // leaves a promise that nobody can catch when a commit fails.)
      eventTurnBatching: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 8,
    })
    const table = (name: string): Table =>
      this.#root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' })
    this.batches = table('batches')
    this.channels = table('channels')
    this.producers = table('producers')
    this.removed = table('removed')
    this.about = table('about')
    this.#progress = new WriteProgress(this.#root)
    this.#durability = options.durability
  }

  /**
   * Makes all changes of `change` in one transaction.
   *
   * @param change  puts and removes; it must not throw, or the changes before the throw would be made
   * @returns when they are kept as the durability says
   */
  async write(change: () => void): Promise<void> {
    const flushed = this.flushed(change)
    // Not before the changes are written: lmdb may begin an earlier write's transaction between them, without them.
    const visible = this.#durability === 'os' ? this.#progress.visible() : undefined
    if (!visible) return await flushed
    // The flush goes on behind; if it fails, there is no caller left to hear of it.
    flushed.catch(this.#onFlushFailed)
    await Promise.race([visible, flushed])
    // A reader of this turn may have opened a snapshot from before the commit.
    ;(this.#root as unknown as { resetReadTxn(): void }).resetReadTxn()
  }

  /** As `write`, but resolves when the changes are on the disk, whatever the durability. */
  async flushed(change: () => void): Promise<void> {
    const written = this.#root.batch(change)
    try {
      await written
    } catch (error) {
      this.#hasFailed = true
      throw await reasonOf(error)
    }
  }

  async close(): Promise<void> {
    const patience = this.#hasFailed ? failedCloseMs : undefined
    await within(this.#progress.idle(), patience)
    await within(this.#root.close(), patience)
  }
}

/** After a write that failed, lmdb may wait for ever for what stands behind it: how long we wait with it, milliseconds. */
const failedCloseMs = 1_000

/** Resolves with `promise`, or when the time is over; without a time only with the promise. */
async function within(promise: Promise<void>, timeMs: number | undefined): Promise<void> {
  if (timeMs === undefined) return await promise
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeMs)
  })
  await Promise.race([promise.catch(() => {}), over])
  clearTimeout(timer)
}
