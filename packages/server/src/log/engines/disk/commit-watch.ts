import type { RootDatabase } from 'lmdb'

/** lmdb calls back with this when a transaction can be read and is not yet flushed. */
const visibleStatus = 1
/** A transaction is flushed; a callback of JavaScript is wanted within one. All others are errors. */
const soundStatuses: ReadonlySet<number> = new Set([0, visibleStatus, 2])

type StartWriting = (address: number, callback: (status: number) => unknown) => unknown

/** What lmdb's writing thread says of one write before the promise of the write settles, if it ever does. */
export interface CommitWatch {
  /** It can be read; only told by a database with `overlappingSync`. */
  readonly visible: Promise<void>
  /** Rejects with what the operating system or LMDB said; never resolves. */
  readonly failed: Promise<never>
}

/** What a transaction failed with: a number of the operating system (`errno`), or LMDB's own when negative. */
export class CommitFailed extends Error {
  override readonly name = 'CommitFailed'
  readonly errno: number

  constructor(errno: number) {
    super(`the database could not be written, error ${errno}`)
    this.errno = errno
  }
}

/**
 * lmdb 3.5.6 hears from its writing thread when a commit can be read (with `overlappingSync`), or why it
 * failed. The promises of the commit settle only after the flush, and after some failures never. This listens
 * in on that first word.
 *
 * Should a later lmdb have no such place to listen at, nothing is told: `os` then waits for the flush, slower
 * but never wrong, and failures are told by the promise. The power-cut and fault tests fail then.
 *
 * @returns a function to call before each write
 */
export function watchCommits(root: RootDatabase<Buffer, Buffer>): () => CommitWatch {
  const env = (root as unknown as { env: { startWriting?: StartWriting } }).env
  const startWriting = env.startWriting
  let waiting: { visible: () => void; failed: (error: CommitFailed) => void }[] = []
  if (typeof startWriting === 'function') {
    const listening: StartWriting = (address, callback) => {
      // All that was written so far is in this transaction, or in an earlier one.
      const told = waiting
      waiting = []
      return startWriting.call(env, address, (status) => {
        if (status === visibleStatus) for (const each of told) each.visible()
        if (!soundStatuses.has(status)) for (const each of told) each.failed(new CommitFailed(status))
        return callback(status)
      })
    }
    Object.defineProperty(env, 'startWriting', { value: listening })
  }
  return () => {
    let tell = {} as (typeof waiting)[number]
    const visible = new Promise<void>((resolve) => {
      tell = { ...tell, visible: resolve }
    })
    const failed = new Promise<never>((_, reject) => {
      tell = { ...tell, failed: reject }
    })
    // Whoever waits for it hears of it; nobody has to.
    failed.catch(() => {})
    waiting.push(tell)
    return { visible, failed }
  }
}
