import { gunzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { Compressor } from './compressor.js'

const bodyOf = (mebibytes: number, letter = 'a') =>
  Buffer.from(`${letter}${Math.PI}`.repeat(mebibytes * 64 * 1024).slice(0, mebibytes * 1024 * 1024))

const staying = new AbortController().signal

async function untilIdle(compressor: Compressor): Promise<void> {
  await vi.waitUntil(() => compressor.load.bytes === 0, { interval: 1 })
}

test('those who want the same body at once share the work, and who comes after finds it done', async () => {
  const compressor = new Compressor()
  const task = { name: 'cake', coding: 'gzip', body: bodyOf(1) } as const
  const both = [compressor.compress(task, staying), compressor.compress(task, staying)]
  expect(compressor.load).toEqual({ jobs: 1, bytes: task.body.byteLength })
  const [first, second] = await Promise.all(both)
  expect(second).toBe(first)
  expect(gunzipSync(first as Buffer).equals(task.body)).toBe(true)
  expect(await compressor.compress(task, staying)).toBe(first)
  const other = await compressor.compress({ ...task, coding: 'br' }, staying)
  expect(other).not.toEqual(first)
  await untilIdle(compressor)
  expect(compressor.load).toEqual({ jobs: 0, bytes: 0 })
})

test('what everybody left is not done, whether it has begun or waits', async () => {
  const compressor = new Compressor()
  const leaving = new AbortController()
  const names = ['one', 'two', 'three', 'four', 'five']
  const asked = names.map((name) =>
    compressor.compress({ name, coding: 'br', body: bodyOf(8, name) }, leaving.signal),
  )
  expect(compressor.load.jobs).toBe(5)
  leaving.abort()
  expect(await Promise.all(asked)).toEqual(names.map(() => undefined))
  await untilIdle(compressor)
  expect(compressor.load).toEqual({ jobs: 0, bytes: 0 })
  const again = { name: 'one', coding: 'br', body: bodyOf(1) } as const
  expect(await compressor.compress(again, staying)).toBeInstanceOf(Buffer)
})

test('what somebody still waits for is done, though others left', async () => {
  const compressor = new Compressor()
  const leaving = new AbortController()
  const task = { name: 'cake', coding: 'gzip', body: bodyOf(4) } as const
  const left = compressor.compress(task, leaving.signal)
  const stayed = compressor.compress(task, staying)
  leaving.abort()
  expect(gunzipSync((await stayed) as Buffer).equals(task.body)).toBe(true)
  await left
})

test('past 64 MiB that wait, nothing more is taken', async () => {
  const compressor = new Compressor()
  const leaving = new AbortController()
  const names = Array.from({ length: 8 }, (_, place) => `name ${place}`)
  const body = bodyOf(8)
  const asked = names.map((name) => compressor.compress({ name, coding: 'br', body }, leaving.signal))
  const more = { name: 'more', coding: 'br', body: Buffer.from('a') } as const
  expect(await compressor.compress(more, staying)).toBeUndefined()
  leaving.abort()
  await Promise.all(asked)
  await untilIdle(compressor)
  expect(await compressor.compress(more, staying)).toBeInstanceOf(Buffer)
})

test('what is kept for others has a bound: what was not used for longest goes', async () => {
  const compressor = new Compressor()
  // Of random bytes coding makes no less: 3 MiB each, of 16.
  const tasks = Array.from({ length: 6 }, (_, place) => ({
    name: `name ${place}`,
    coding: 'gzip' as const,
    body: Buffer.concat(Array.from({ length: 48 }, () => crypto.getRandomValues(new Uint8Array(64 * 1024)))),
  }))
  const kept: (Buffer | undefined)[] = []
  for (const task of tasks) kept.push(await compressor.compress(task, staying))
  const isKept = async (place: number) =>
    (await compressor.compress(tasks[place] as (typeof tasks)[0], staying)) === kept[place]
  expect(await isKept(5)).toBe(true)
  expect(await isKept(1)).toBe(true)
  expect(await isKept(0)).toBe(false)
})
