/** What did not come in time. */
export const late = Symbol('late')

/**
 * Waits for `promise`, for at most `patienceMs`. Who calls it says what it means that nothing came.
 *
 * @throws what the signal was aborted with, or what the promise was rejected with
 */
export function within<Value>(
  promise: Promise<Value>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Value | typeof late> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
    const stop = () => {
      finish()
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      finish()
      resolve(late)
    }, patienceMs)
    promise.then(resolve, reject).finally(finish)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
}
