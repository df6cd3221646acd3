import type { RootDatabase } from 'lmdb'

/** lmdb calls back with these when a transaction is done, can be read and is not yet flushed, and in between to ask on; all others are errors. */
const doneStatus = 0
const visibleStatus = 1
const userTransactionStatus = 2

type StartWriting = (address: number, callback: (status: number) => unknown) => unknown

/** What a transaction failed with: a number of the operating system (`errno`), or LMDB's own when negative. */
export class WriteFailed extends Error {
  override readonly name = 'WriteFailed'
  readonly errno: number

  constructor(errno: number) {
    super(`the database could not be written, error ${errno}`)
    this.errno = errno
  }
}

/**
 * How far lmdb 3.5.6 is with its writes, from the words of its writing thread, on which this listens in.
 *
 * - With `overlappingSync` it tells when a commit can be read, but lmdb settles the promises of the commit only
 *   after the flush.
 * - lmdb settles them when the thread has set a flag, and `close` waits for no more than that: the thread would
 *   go on in memory that is freed, and the process die.
 * - After some failures it settles them never; the thread says why each transaction failed.
 *
 * Should a later lmdb have no such place to listen at, nothing is told, and `os` waits for the flush: slower,
 * never wrong. The power-cut test fails then, since it expects `os` to acknowledge before the flush.
 */
export class WriteProgress {
  readonly #untilFailed = new Set<(error: WriteFailed) => void>()
  #untilVisible: (() => void)[] = []
  #untilIdle: (() => void)[] = []
  #writing = 0

  constructor(root: RootDatabase<Buffer, Buffer>) {
    const env = (root as unknown as { env: { startWriting?: StartWriting } }).env
    const startWriting = env.startWriting
    if (typeof startWriting !== 'function') return
    const listening: StartWriting = (address, callback) => {
      // All that was written as a whole so far is in this transaction, or in an earlier one.
      const told = this.#untilVisible
      this.#untilVisible = []
      this.#writing++
      return startWriting.call(env, address, (status) => {
        if (status === visibleStatus) for (const tell of told) tell()
        else if (status !== userTransactionStatus) this.#ended(status)
        return callback(status)
      })
    }
    Object.defineProperty(env, 'startWriting', { value: listening })
  }

  /**
   * To be called after a write, in the same turn and before lmdb is made to start.
   *
   * @returns what resolves when that write can be read, or never when lmdb has begun its transaction already
   */
  visible(): Promise<void> {
    return new Promise((resolve) => this.#untilVisible.push(resolve))
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    if (this.#writing > 0) await new Promise<void>((resolve) => this.#untilIdle.push(resolve))
  }

  /**
   * To be called before a write.
   *
   * @returns `told` rejects when a write fails from now on, until `stopWaiting`
   */
  nextFailure(): { readonly told: Promise<never>; stopWaiting(): void } {
    let stopWaiting = () => {}
    const told = new Promise<never>((_, reject) => {
      this.#untilFailed.add(reject)
      stopWaiting = () => this.#untilFailed.delete(reject)
    })
    told.catch(() => {})
    return { told, stopWaiting }
  }

  #ended(status: number): void {
    if (status !== doneStatus) for (const tell of this.#untilFailed) tell(new WriteFailed(status))
    if (--this.#writing > 0) return
    for (const tell of this.#untilIdle.splice(0)) tell()
  }
}
