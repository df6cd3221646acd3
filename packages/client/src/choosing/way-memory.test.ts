import { expect, test } from 'vitest'
import { pageMemory, rememberWays, type StorageLike } from './way-memory.js'

const server = 'https://news.example'
const hourMs = 3_600_000

/** A storage that a test looks into, and a memory over it, at a time that the test sets. */
function memoryOver(text?: string) {
  const texts = new Map<string, string>()
  const time = { nowMs: 1_000 * hourMs }
  const storage: StorageLike = {
    getItem: (key) => texts.get(key) ?? text ?? null,
    setItem: (key, value) => texts.set(key, value),
  }
  const memory = rememberWays(storage, () => time.nowMs)
  return { memory, texts, time, again: () => rememberWays(storage, () => time.nowMs) }
}

test('a way that failed is avoided at this server, and at no other', () => {
  const { memory } = memoryOver()
  memory.failed(server, 'websocket')
  memory.failed(server, 'sse')
  expect(memory.avoided(server)).toEqual(['websocket', 'sse'])
  expect(memory.avoided('https://other.example')).toEqual([])
})

test('a way that works is forgotten, and the others are not', () => {
  const { memory } = memoryOver()
  memory.failed(server, 'websocket')
  memory.failed(server, 'sse')
  memory.worked(server, 'websocket')
  expect(memory.avoided(server)).toEqual(['sse'])
})

test('after an hour what failed is forgotten, and what failed again since is not', () => {
  const { memory, time } = memoryOver()
  memory.failed(server, 'websocket')
  memory.failed(server, 'sse')
  time.nowMs += hourMs - 1
  memory.failed(server, 'sse')
  expect(memory.avoided(server)).toEqual(['websocket', 'sse'])
  time.nowMs += 1
  expect(memory.avoided(server)).toEqual(['sse'])
})

test('a clock that was set back by years does not make a failure last for years', () => {
  const { memory, time } = memoryOver()
  memory.failed(server, 'websocket')
  time.nowMs -= 900 * hourMs
  expect(memory.avoided(server)).toEqual([])
})

test('what one page kept, the next one reads', () => {
  const { memory, again } = memoryOver()
  memory.failed(server, 'websocket')
  expect(again().avoided(server)).toEqual(['websocket'])
})

test.each([
  '',
  'null',
  '7',
  '"websocket"',
  '{',
  '[]',
  '{"carrier-pigeon":3600000000}',
  '{"websocket":"soon"}',
  '{"websocket":null,"__proto__":{"sse":1}}',
])('what others wrote where the memory is kept is not believed, and written over: %s', (text) => {
  const { memory, texts } = memoryOver(text)
  expect(memory.avoided(server)).toEqual([])
  memory.failed(server, 'sse')
  expect(memory.avoided(server)).toEqual(['sse'])
  expect([...texts.values()]).toEqual(['{"sse":3600000000}'])
})

test('a storage that throws remembers nothing and breaks nothing', () => {
  const refuse = () => {
    throw new Error('The quota has been exceeded.')
  }
  const memory = rememberWays({ getItem: refuse, setItem: refuse })
  memory.failed(server, 'websocket')
  memory.worked(server, 'websocket')
  expect(memory.avoided(server)).toEqual([])
})

test('without a storage the page remembers', () => {
  pageMemory.failed(server, 'sse')
  expect(pageMemory.avoided(server)).toEqual(['sse'])
  pageMemory.worked(server, 'sse')
  expect(pageMemory.avoided(server)).toEqual([])
})
