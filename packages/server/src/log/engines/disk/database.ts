import { join } from 'node:path'
import { type Database as LmdbDatabase, open, type RootDatabase, type Transaction } from 'lmdb'
import { dataFileName } from './data-file.js'
import type { Durability } from './durability.js'
import { Room } from './room.js'
import { WriteProgress } from './write-progress.js'

/** Bytes to bytes, in the order of the keys' bytes. */
export type Table = LmdbDatabase<Buffer, Buffer>

/** lmdb 3.5.6 starts its writing thread when more than so many writes wait, else in the next turn. (Its types lack it.) */
const startAtOnce = { txnStartThreshold: 1 }

/** One key of a transaction. */
export interface Change {
  readonly table: Table
  readonly key: Buffer
  /** Absent: the key is removed. */
  readonly value?: Buffer
}

/**
 * LMDB as we use it: six tables that change together, whole or not at all.
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
  /** Names of channels of durability `memory`, of which only the record is here. */
  readonly memory: Table
  /** What there is one of. */
  readonly about: Table
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #durability: Durability
  readonly #progress: WriteProgress
  readonly #room: Room
  readonly #onFlushFailed: (error: unknown) => void
  #kept: Transaction | undefined
  #hasFailed = false

  constructor(
    folder: string,
    options: {
      durability: Durability
      onFlushFailed?: (error: unknown) => void
    },
  ) {
    this.#onFlushFailed = options.onFlushFailed ?? (() => {})
    this.#durability = options.durability
    this.#root = open<Buffer, Buffer>({
      path: folder,
      // Else a folder whose name has a dot would be taken for a file.
      noSubdir: false,
      overlappingSync: options.durability === 'os',
      // Writes of one turn are one transaction only where we say so. (lmdb's own gathering per turn also
      // leaves a promise that nobody can catch when a commit fails.)
      eventTurnBatching: false,
      ...startAtOnce,
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
    this.memory = table('memory')
    this.about = table('about')
    this.#progress = new WriteProgress(this.#root)
    this.#room = new Room(join(folder, dataFileName))
  }

  /**
   * Makes all changes in one transaction.
   *
   * @param durability  at least what the database does for all
   * @returns when they are kept as the durability says
   * @throws what the file system or LMDB says; no write may follow
   */
  async write(changes: readonly Change[], durability: Durability = this.#durability): Promise<void> {
    if (!this.#kept) this.#holdSnapshot()
    try {
      const took = await this.#room.ensure(sizeOf(changes))
      const { visible, failure, written } = this.#begin(changes)
      const flushed = this.#flushed(written, failure).finally(took)
      if (this.#durability === 'fsync' || durability === 'fsync') await flushed
      else {
        // The flush goes on behind; if it fails, there is no caller left to hear of it.
        flushed.catch((error) => this.#failedBehind(error))
        await Promise.race([visible, flushed])
      }
      this.#holdSnapshot()
    } catch (error) {
      this.#hasFailed = true
      throw error
    }
  }

  #failedBehind(error: unknown): void {
    this.#hasFailed = true
    this.#onFlushFailed(error)
  }

  /** As `write`, but resolves when the changes are on the disk, whatever the durability. */
  async writeAndFlush(changes: readonly Change[]): Promise<void> {
    const took = await this.#room.ensure(sizeOf(changes))
    try {
      const { failure, written } = this.#begin(changes)
      await this.#flushed(written, failure).finally(took)
    } catch (error) {
      this.#hasFailed = true
      throw error
    }
  }

  /** Has lmdb begin a transaction of these changes, in this turn. */
  #begin(changes: readonly Change[]): Begun {
    const failure = this.#progress.nextFailure()
    const written = this.#root.batch(() => {
      for (const { table, key, value } of changes) void (value ? table.put(key, value) : table.remove(key))
    })
    // Not before the changes are written: lmdb may begin an earlier write's transaction between, without them.
    const visible = this.#progress.visible()
    // A second write, of nothing, makes it start. The next turn may have a hundred requests to read first.
    const started = this.#root.batch(() => {})
    // lmdb rejects with a general error, and not after every failure: its writing thread says the true one.
    for (const told of [written, started]) {
      told.catch((error: { commitError?: Promise<unknown> }) => error.commitError?.catch(() => {}))
    }
    return { visible, failure, written }
  }

  async #flushed(written: Promise<unknown>, failure: Begun['failure']): Promise<void> {
    try {
      await Promise.race([written, failure.told])
    } catch (error) {
      // In the turn of the general error the true one is told, too.
      throw await Promise.race([failure.told, nextTurn(error)]).catch((reason: unknown) => reason)
    } finally {
      failure.stopWaiting()
    }
  }

  /**
   * To be given to every read: none, and after a write that failed the snapshot of what was kept before it.
   * LMDB lets nobody begin to read once it could not write a page that names a root.
   */
  get reading(): { readonly transaction?: Transaction } {
    return this.#hasFailed && this.#kept ? { transaction: this.#kept } : {}
  }

  /** From the next read on all see the last commit; the snapshot of it is held, for `reading`. */
  #holdSnapshot(): void {
    const before = this.#kept
    // A reader of this turn may have opened a snapshot from before the commit.
    ;(this.#root as unknown as { resetReadTxn(): void }).resetReadTxn()
    this.#kept = this.#root.useReadTransaction()
    before?.done()
  }

  /** Copies what is committed now into a folder, as a database of its own; others go on writing. */
  async copyInto(folder: string): Promise<void> {
    await this.#root.backup(folder, false)
  }

  async close(): Promise<void> {
    await this.#room.close()
    await this.#progress.idle()
    // After a write that failed, lmdb waits for some of its promises for ever, and frees what it has freed.
    if (this.#hasFailed) return
    this.#kept?.done()
    this.#kept = undefined
    await this.#root.close()
  }
}

/** A transaction that lmdb has begun. */
interface Begun {
  readonly visible: Promise<void>
  readonly written: Promise<unknown>
  readonly failure: ReturnType<WriteProgress['nextFailure']>
}

function sizeOf(changes: readonly Change[]): { keys: number; bytes: number } {
  let bytes = 0
  for (const { key, value } of changes) bytes += key.byteLength + (value?.byteLength ?? 0)
  return { keys: changes.length, bytes }
}

function nextTurn<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)))
}
