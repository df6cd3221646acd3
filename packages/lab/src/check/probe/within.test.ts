import { expect, test } from 'vitest'
import { late, within } from './within.js'

const never = new Promise<never>(() => {})
const free = new AbortController().signal

test('what comes in time is given', async () => {
  expect(await within(Promise.resolve('tea'), 10_000, free)).toBe('tea')
  await expect(within(Promise.reject(new Error('spilt')), 10_000, free)).rejects.toThrow('spilt')
})

test('what does not come in time is late', async () => {
  expect(await within(never, 1, free)).toBe(late)
})

test('a wait ends when it is aborted, also before it began', async () => {
  const controller = new AbortController()
  const waiting = within(never, 60_000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(within(never, 60_000, controller.signal)).rejects.toThrow('enough')
})
