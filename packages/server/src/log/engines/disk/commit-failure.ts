import { setTimeout as pause } from 'node:timers/promises'

/** Longest wait for the reason of a commit that failed, milliseconds: it comes with the failure, or never. */
const reasonWaitMs = 1_000

/**
 * lmdb rejects with a general error that holds the promise of the true one. When two transactions end in the
 * same moment and the second has failed, lmdb 3.5.6 tells the reason before it has made that promise, which
 * then never settles.
 *
 * @returns the true error, or the general one
 */
export async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> }
  if (!commitError) return error
  const giveUp = new AbortController()
  try {
    await Promise.race([commitError, pause(reasonWaitMs, undefined, { signal: giveUp.signal })])
    return error
  } catch (reason) {
    return reason
  } finally {
    giveUp.abort()
  }
}
