import type { ReadBatch } from './batch.js'

/**
 * One iteration's lifetime, made in one place for all readers: it ends when the consumer leaves the loop,
 * when `owner` aborts, or when the reader is through. Whatever ends it aborts the signal that the reader was
 * started with, so that a request in flight is freed at once, and not only when its answer comes.
 *
 * @param start begins a reading; it may throw whatever it likes once its signal has aborted
 */
export function iterable(
  owner: AbortSignal | undefined,
  start: (signal: AbortSignal) => AsyncGenerator<ReadBatch, void, void>,
): AsyncIterable<ReadBatch> {
  return { [Symbol.asyncIterator]: () => iterate(owner, start) }
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined }

function iterate(
  owner: AbortSignal | undefined,
  start: (signal: AbortSignal) => AsyncGenerator<ReadBatch, void, void>,
): AsyncIterator<ReadBatch, undefined, undefined> {
  const lifetime = new AbortController()
  const end = () => {
    owner?.removeEventListener('abort', end)
    lifetime.abort()
  }
  if (owner?.aborted) lifetime.abort()
  else owner?.addEventListener('abort', end)
  const batches = start(lifetime.signal)

  const close = async () => {
    end()
    try {
      await batches.return()
    } catch {
      // It was told to end: how its last request failed is of no interest.
    }
    return over
  }
  return {
    async next() {
      if (lifetime.signal.aborted) return close()
      try {
        const step = await batches.next()
        // A batch that came together with the abort was not heard: its offset was not passed on either.
        return step.done || lifetime.signal.aborted ? close() : step
      } catch (error) {
        const wasAborted = lifetime.signal.aborted
        end()
        if (wasAborted) return over
        throw error
      }
    },
    return: close,
  }
}
