import { describe, expect, test } from 'vitest'
import { connectionFailed, ProblemError } from '../problem-error.js'
import type { Clock } from './clock.js'
import { backoffMs, defaultBackoff, Retry, type RetryNotice } from './retry.js'

/** Time passes as soon as somebody waits. */
const hastyClock: Clock = {
  now: () => 0,
  after(_, action) {
    const immediate = setImmediate(action)
    return () => clearImmediate(immediate)
  },
}

describe('full jitter', () => {
  test('lies between nothing and a limit that doubles up to the cap', () => {
    const limits = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempt) => backoffMs(defaultBackoff, attempt, 1))
    expect(limits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
    expect(backoffMs(defaultBackoff, 8, 0)).toBe(0)
    expect(backoffMs(defaultBackoff, 1, 0.5)).toBe(125)
  })
})

async function waits(errors: readonly (ProblemError | 'success')[]): Promise<number[]> {
  const notices: RetryNotice[] = []
  const retry = new Retry(new AbortController().signal, {
    clock: hastyClock,
    random: () => 1,
    onRetry: (notice) => notices.push(notice),
  })
  for (const error of errors) {
    if (error === 'success') retry.succeeded()
    else await retry.afterFailure(error)
  }
  return notices.map(({ waitMs }) => waitMs)
}

const busy = (retryAfterSeconds: number) =>
  new ProblemError('server-stopping', 'Come back.', { status: 503, facts: { retryAfterSeconds } })

test('a success makes the next failure a first one', async () => {
  const cut = connectionFailed('cut')
  expect(await waits([cut, cut, 'success', cut])).toEqual([250, 500, 250])
})

test("the server's wish is a least wait, and a wish of more than an hour is cut", async () => {
  expect(await waits([busy(0.1), busy(60), busy(1e9)])).toEqual([250, 60_000, 3_600_000])
})

test('a permanent error, and a mistake of our own, are thrown on at once', async () => {
  const retry = new Retry(new AbortController().signal, { clock: hastyClock })
  const gone = new ProblemError('offset-gone', 'Gone.')
  await expect(retry.afterFailure(gone)).rejects.toBe(gone)
  const mistake = new TypeError('undefined is not a function')
  await expect(retry.afterFailure(mistake)).rejects.toBe(mistake)
})

test('after maxAttempts failures in a row the last one is thrown', async () => {
  const options = { clock: hastyClock, backoff: { maxAttempts: 2 } }
  const retry = new Retry(new AbortController().signal, options)
  const [first, second, third] = [connectionFailed('1'), connectionFailed('2'), connectionFailed('3')]
  await retry.afterFailure(first)
  await retry.afterFailure(second)
  await expect(retry.afterFailure(third)).rejects.toBe(third)
})

test('an abort ends the wait without an error', async () => {
  const abort = new AbortController()
  const never: Clock = { now: () => 0, after: () => () => {} }
  const waiting = new Retry(abort.signal, { clock: never, random: () => 1 }).afterFailure(
    connectionFailed('cut'),
  )
  abort.abort()
  await waiting
})
