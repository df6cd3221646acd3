import { expect, test } from 'vitest'
import { SocketMemory } from './socket-memory.js'

const workload = (n: number, atMs = 1_800_000_000_000) => ({ n, atMs, text: '' })
const spoken = (id: string) => ({ from: 'sse', id, atMs: 1, text: '' }) as const

test('before the first message there is no time to ask from', () => {
  const memory = new SocketMemory()
  memory.isNew(spoken('a'))
  expect(memory.since).toBeUndefined()
})

test('it asks from a second before the last message of the workload', () => {
  const memory = new SocketMemory()
  memory.isNew(workload(1, Date.parse('2027-01-15T08:00:02.500Z')))
  expect(memory.since).toBe('2027-01-15T08:00:01.500Z')
})

test('what was heard is not new again, and does not set the time back', () => {
  const memory = new SocketMemory()
  expect(memory.isNew(workload(1, 10_000))).toBe(true)
  expect(memory.isNew(workload(2, 20_000))).toBe(true)
  expect(memory.isNew(workload(1, 10_000))).toBe(false)
  expect(memory.isNew(spoken('a'))).toBe(true)
  expect(memory.isNew(spoken('a'))).toBe(false)
  expect(memory.since).toBe('1970-01-01T00:00:19.000Z')
})

test('of what was spoken it remembers a thousand', () => {
  const memory = new SocketMemory()
  for (let count = 0; count <= 1_000; count++) memory.isNew(spoken(`id-${count}`))
  expect(memory.isNew(spoken('id-1'))).toBe(false)
  expect(memory.isNew(spoken('id-0'))).toBe(true)
})
