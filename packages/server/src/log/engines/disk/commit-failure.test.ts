import { expect, test } from 'vitest'
import { reasonOf } from './commit-failure.js'

const failure = (commitError?: Promise<unknown>) =>
  Object.assign(new Error('Commit failed'), commitError && { commitError })

test('a commit that failed is told with its reason', async () => {
  const reason = new Error('Input/output error')
  expect(await reasonOf(failure(Promise.reject(reason)))).toBe(reason)
})

test('a commit whose reason never comes is told all the same', async () => {
  const error = failure(new Promise(() => {}))
  expect(await reasonOf(error)).toBe(error)
})

test('an error that holds no reason is the reason', async () => {
  const error = failure()
  expect(await reasonOf(error)).toBe(error)
})
