import type { RootDatabase } from 'lmdb'

/** lmdb calls back with this when a transaction can be read and is not yet flushed. */
const visibleStatus = 1

type StartWriting = (address: number, callback: (status: number) => unknown) => unknown

/**
 * With `overlappingSync`, lmdb 3.5.6 learns from its writing thread when a commit can be read, but settles
 * the promises of the commit only after the flush. This listens in on that first word.
 *
 * Should a later lmdb have no such place to listen at, nothing is told, and `os` waits for the flush: slower,
 * never wrong. The power-cut test fails then, since it expects `os` to acknowledge before the flush.
 *
 * @returns a function to call after each write, in the same turn: what resolves when that write can be read, or
 *   never when lmdb has begun its transaction already
 */
export function notifyWhenVisible(root: RootDatabase<Buffer, Buffer>): () => Promise<void> {
  const env = (root as unknown as { env: { startWriting?: StartWriting } }).env
  const startWriting = env.startWriting
  let waiting: (() => void)[] = []
  if (typeof startWriting === 'function') {
    const listening: StartWriting = (address, callback) => {
      // All that was written as a whole so far is in this transaction, or in an earlier one.
      const told = waiting
      waiting = []
      return startWriting.call(env, address, (status) => {
        if (status === visibleStatus) for (const tell of told) tell()
        return callback(status)
      })
    }
    Object.defineProperty(env, 'startWriting', { value: listening })
  }
  return () => new Promise((resolve) => waiting.push(resolve))
}
