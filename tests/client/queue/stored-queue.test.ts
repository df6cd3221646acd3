import { type ConnectOptions, connect } from '@tidings/client'
import { type KeyedStorage, storedQueue } from '@tidings/client/queue'
import { createChannel, read } from '@tidings/client/ways'
import { startServer } from 'tidings'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../support/test-server.js'

/** `localStorage`, as far as it is used, with so much room. */
class TestStorage implements KeyedStorage {
  readonly #texts = new Map<string, string>()
  readonly #maxItems: number

  constructor(maxItems = Number.POSITIVE_INFINITY) {
    this.#maxItems = maxItems
  }

  get length(): number {
    return this.#texts.size
  }

  key(index: number): string | null {
    return [...this.#texts.keys()][index] ?? null
  }

  getItem(key: string): string | null {
    return this.#texts.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    if (!this.#texts.has(key) && this.#texts.size >= this.#maxItems) throw new Error('QuotaExceededError')
    this.#texts.set(key, value)
  }

  removeItem(key: string): void {
    this.#texts.delete(key)
  }
}

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
beforeEach(() => {
  onTestFinished(() => expect(unhandled.splice(0)).toEqual([]))
})

/** A server with a channel, which goes away and comes back at the same address. */
async function shop(contentType = 'application/json') {
  const settings = { engine: 'disk', durability: 'os', data: await temporaryFolder() } as const
  let server = await startServer({ ...settings, port: 0 })
  const { url } = server
  const { port } = server.settings
  await createChannel({ server: url, channel: 'cake' }, { contentType })
  onTestFinished(() => server.close())
  return {
    url,
    away: () => server.close(),
    back: async () => {
      server = await startServer({ ...settings, port })
    },
  }
}

function page(url: string, options: ConnectOptions) {
  const tidings = connect(url, { backoff: { baseMs: 20, capMs: 100 }, ...options })
  onTestFinished(() => tidings.close())
  return tidings
}

async function kept(server: string): Promise<unknown[]> {
  const messages: unknown[] = []
  for await (const batch of read({ server, channel: 'cake' }, { way: 'short-poll' })) {
    messages.push(...batch.messages)
    if (batch.upToDate) break
  }
  return messages
}

/** Resolves when nothing waits in the storage. */
async function isEmpty(storage: KeyedStorage): Promise<void> {
  while (storage.length > 0) await new Promise((resolve) => setImmediate(resolve))
}

async function has(storage: KeyedStorage, items: number): Promise<void> {
  while (storage.length < items) await new Promise((resolve) => setImmediate(resolve))
}

test('what a page published offline is sent by the next page, in order and once, without anything new', async () => {
  const { url, away, back } = await shop()
  const storage = new TestStorage()
  const first = page(url, { queue: storedQueue({ storage }) })
  await first.channel('cake').publish('heard of')
  await isEmpty(storage)
  await away()
  const lost = ['one', 'two', 'three'].map((text) => first.channel('cake').publish(text))
  const told = Promise.allSettled(lost)
  await has(storage, 3)
  first.close()
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])

  await back()
  page(url, { queue: storedQueue({ storage }) }).channel('cake')
  await isEmpty(storage)
  expect(await kept(url)).toEqual(['heard of', 'one', 'two', 'three'])
})

test('what was kept by the server but not told is not kept twice by the page after', async () => {
  const { url } = await shop()
  const storage = new TestStorage()
  let isCut = false
  /** The server has it, and the answer is lost. */
  const cutting: typeof fetch = async (input, init) => {
    if (isCut && init?.method === 'POST') throw new TypeError('the page was closed')
    const answer = await fetch(input, init)
    if (init?.method !== 'POST') return answer
    isCut = true
    throw new TypeError('the answer is lost')
  }
  const first = page(url, { queue: storedQueue({ storage }), fetch: cutting as typeof fetch })
  const told = Promise.allSettled([
    first.channel('cake').publish('one'),
    first.channel('cake').publish('two'),
  ])
  while (!isCut) await new Promise((resolve) => setImmediate(resolve))
  first.close()
  await told
  page(url, { queue: storedQueue({ storage }) }).channel('cake')
  await isEmpty(storage)
  expect(await kept(url)).toEqual(['one', 'two'])
})

test('a storage that is full, or holds rubbish, costs no message', async () => {
  const { url } = await shop()
  const storage = new TestStorage(2)
  storage.setItem('tidings-queue cake 7', '{"messages":')
  const channel = page(url, { queue: storedQueue({ storage }) }).channel('cake')
  await Promise.all([1, 2, 3, 4].map((n) => channel.publish(n)))
  expect(await kept(url)).toEqual([1, 2, 3, 4])
})

test('bytes are kept as they are', async () => {
  const { url, away, back } = await shop('application/octet-stream')
  const storage = new TestStorage()
  const first = page(url, { queue: storedQueue({ storage }) })
  await away()
  const contentType = 'application/octet-stream'
  const told = Promise.allSettled([first.channel('cake', { contentType }).publish(Uint8Array.of(0, 255, 7))])
  await has(storage, 1)
  first.close()
  await told
  await back()
  page(url, { queue: storedQueue({ storage }) }).channel('cake', { contentType })
  await isEmpty(storage)
  expect(await kept(url)).toEqual([Uint8Array.of(0, 255, 7)])
})

/** As a publisher gives it to its queue. */
const append = (order: number, seq: number, message = 'short') => {
  return { order, messages: [message], close: false, producer: { id: 'baker', epoch: 0, seq } }
}

/** What the next page finds. */
const left = async (storage: KeyedStorage) =>
  (await storedQueue({ storage }).load('cake')).map(({ order, producer }) => [order, producer.seq])

/** Has room for short texts alone, or for none. */
function narrow() {
  const storage = new TestStorage()
  const room = { characters: 200 }
  const setItem = storage.setItem.bind(storage)
  storage.setItem = (key, value) => {
    if (value.length > room.characters) throw new Error('QuotaExceededError')
    setItem(key, value)
  }
  return { storage, room }
}

test('nothing is kept behind what the storage has no room for: it would be sent under the number of that', async () => {
  const { storage } = narrow()
  const queue = storedQueue({ storage })
  await queue.put('cake', [append(1, 0)])
  await queue.put('cake', [append(2, 1, 'long'.repeat(100)), append(3, 2)])
  await queue.put('cake', [append(4, 3)])
  expect(await left(storage)).toEqual([[1, 0]])
  for (const order of [1, 2]) queue.settled('cake', order)
  await queue.put('cake', [append(5, 4)])
  expect(await left(storage)).toEqual([])
  for (const order of [3, 4, 5]) queue.settled('cake', order)
  await queue.put('cake', [append(6, 5)])
  expect(await left(storage)).toEqual([[6, 5]])
})

test('what can not be kept under its new number is not kept under the old one, which others may take', async () => {
  const { storage, room } = narrow()
  const queue = storedQueue({ storage })
  await queue.put('cake', [append(1, 0), append(2, 1), append(3, 2)])
  queue.settled('cake', 1, new Error('refused'))
  room.characters = 0
  await queue.put('cake', [append(2, 0), append(3, 1)])
  expect(await left(storage)).toEqual([])
  room.characters = 200
  await queue.put('cake', [append(2, 0), append(3, 1), append(4, 2)])
  expect(await left(storage)).toEqual([
    [2, 0],
    [3, 1],
    [4, 2],
  ])
})

test('what is published while an earlier one waits after trouble is kept too', async () => {
  const { url, away, back } = await shop()
  const storage = new TestStorage()
  const first = page(url, {
    queue: storedQueue({ storage }),
    random: () => 0.99,
    backoff: { baseMs: 600_000, capMs: 600_000 },
  })
  await away()
  let isWaiting = false
  const told = [first.channel('cake').publish('one')]
  while (!isWaiting) {
    isWaiting = storage.length === 1
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  told.push(first.channel('cake').publish('two'))
  await has(storage, 2)
  first.close()
  await Promise.allSettled(told)
  await back()
  page(url, { queue: storedQueue({ storage }) }).channel('cake')
  await isEmpty(storage)
  expect(await kept(url)).toEqual(['one', 'two'])
})

test('a token that is over gives up nothing that is kept: it waits for one that is taken', async () => {
  const { url, away, back } = await shop()
  const storage = new TestStorage()
  const first = page(url, { queue: storedQueue({ storage }) })
  await away()
  const told = Promise.allSettled([first.channel('cake').publish('one')])
  await has(storage, 1)
  first.close()
  await told
  await back()
  let token = 'over'
  let refused = 0
  const door: typeof fetch = async (input, init) => {
    if (new Headers(init?.headers).get('authorization') === 'Bearer good') return fetch(input, init)
    refused += 1
    return new Response(null, { status: 401 })
  }
  const getToken = () => token
  page(url, { queue: storedQueue({ storage }), getToken, fetch: door as typeof fetch }).channel('cake')
  while (refused < 3) await new Promise((resolve) => setImmediate(resolve))
  expect(storage.length).toBe(1)
  token = 'good'
  await isEmpty(storage)
  expect(await kept(url)).toEqual(['one'])
})
