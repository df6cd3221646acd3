import { type ChannelOptions, connect } from '@tidings/client'
import { deleteChannel } from '@tidings/client/ways'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestChannel } from '../../../../tests/support/channel.js'
import { startTestServer } from '../../../../tests/support/test-server.js'
import { type OffsetStorage, type Stored, type StoredOptions, stored, storedWays } from './index.js'

/** A storage that a test looks into. */
function textStorage() {
  const texts = new Map<string, string>()
  const storage: OffsetStorage = {
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, text) => texts.set(key, text),
    removeItem: (key) => texts.delete(key),
  }
  return { texts, storage }
}

/** A server with a channel, which a page opens as often as it likes. */
async function openWorld(name = 'cake') {
  const server = await startTestServer()
  const channel = await createTestChannel(server, { channel: name })
  const { texts, storage } = textStorage()
  const load = (options: StoredOptions = {}, channelOptions: ChannelOptions<unknown> = { offset: '-1' }) => {
    const tidings = connect(server.url)
    onTestFinished(() => tidings.close())
    return stored(tidings.channel(name, channelOptions), { storage, ...options })
  }
  return { server, channel, texts, load, key: `tidings:${server.url}:${name}` }
}

/** Deals with so many messages, and asks for one more. */
async function deal(events: Stored<unknown>, count: number): Promise<unknown[]> {
  const iterator = events[Symbol.asyncIterator]()
  const heard: unknown[] = []
  while (heard.length < count) {
    const step = await iterator.next()
    if (step.done) throw new Error('the iteration has ended')
    heard.push(step.value.data)
  }
  void iterator.next()
  await iterator.return?.()
  return heard
}

test('a page goes on after the last message that the one before has dealt with', async () => {
  const { channel, load } = await openWorld()
  await channel.publish('a', 'b')
  expect(await deal(load(), 2)).toEqual(['a', 'b'])
  await channel.publish('c', 'd')
  expect(await deal(load(), 1)).toEqual(['c'])
  expect(await deal(load(), 1)).toEqual(['d'])
})

test('the offset is stored after each message, when the loop asks for the next', async () => {
  const { channel, load, texts, key } = await openWorld()
  await channel.publish('a', 'b', 'c')
  const kept: unknown[] = []
  const offsets: (string | undefined)[] = []
  for await (const event of load()) {
    kept.push(texts.get(key))
    if (offsets.push(event.offset) === 3) break
  }
  expect(kept).toEqual([undefined, ...offsets.slice(0, 2)])
  expect(new Set(offsets).size).toBe(3)
})

test('a message whose loop body threw comes again', async () => {
  const { channel, load } = await openWorld()
  await channel.publish('a', 'b', 'c')
  const show = async () => {
    for await (const { data } of load()) if (data === 'b') throw new Error('no room')
  }
  await expect(show()).rejects.toThrow('no room')
  expect(await deal(load(), 2)).toEqual(['b', 'c'])
})

test('a message at which the loop broke off comes again, unless it was said to be dealt with', async () => {
  const { channel, load } = await openWorld()
  await channel.publish('a', 'b', 'c')
  for await (const _ of load()) break
  const second = load()
  for await (const event of second) {
    expect(event.data).toBe('a')
    second.dealt(event)
    break
  }
  expect(await deal(load(), 1)).toEqual(['b'])
})

test('a loop that its signal ends has stored the message that it was at', async () => {
  const { channel, load } = await openWorld()
  await channel.publish('a', 'b', 'c')
  const lifetime = new AbortController()
  const heard: unknown[] = []
  for await (const { data } of load({ signal: lifetime.signal })) {
    heard.push(data)
    if (data === 'b') lifetime.abort()
  }
  expect(heard).toEqual(['a', 'b'])
  expect(await deal(load(), 1)).toEqual(['c'])
})

test('an iteration that waits can be left', async () => {
  const { load } = await openWorld()
  const iterator = load()[Symbol.asyncIterator]()
  const next = iterator.next()
  await iterator.return?.()
  expect(await next).toEqual({ done: true, value: undefined })
})

const forbidden = () => {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}

test.each([
  ['for everything', { getItem: forbidden, setItem: forbidden, removeItem: forbidden }],
  ['when it is full', { ...textStorage().storage, setItem: forbidden }],
])('a storage that throws %s breaks nothing, and says so once', async (_, storage) => {
  const { channel, load } = await openWorld()
  await channel.publish('a', 'b', 'c')
  const onTrouble = vi.fn()
  const events = load({ storage, onTrouble })
  expect(await deal(events, 3)).toEqual(['a', 'b', 'c'])
  expect(onTrouble).toHaveBeenCalledOnce()
  expect(onTrouble.mock.calls[0]?.[0]).toHaveProperty('name', 'SecurityError')
  events.forget()
  expect(await deal(load({ storage }), 3)).toEqual(['a', 'b', 'c'])
})

test('where localStorage itself is forbidden, messages are heard all the same', async () => {
  vi.stubGlobal('localStorage', undefined)
  Object.defineProperty(globalThis, 'localStorage', { get: forbidden, configurable: true })
  onTestFinished(() => {
    vi.unstubAllGlobals()
  })
  const { channel, load } = await openWorld()
  await channel.publish('a')
  const onTrouble = vi.fn()
  expect(await deal(load({ storage: undefined, onTrouble }), 1)).toEqual(['a'])
  expect(onTrouble).toHaveBeenCalledOnce()
  const memory = storedWays()
  memory.failed('https://news.example', 'sse')
  expect(memory.avoided('https://news.example')).toEqual([])
})

const beyond = ['9999999999999999_9999999999999999', '9007199254740991_0000000000000001']

test.each(['', 'rubbish', '-1', 'now', '{"offset":7}', ...beyond])(
  '%j in the storage counts as nothing, and is told',
  async (text) => {
    const { channel, load, texts, key } = await openWorld()
    await channel.publish('a')
    texts.set(key, text)
    const onTrouble = vi.fn()
    expect(await deal(load({ onTrouble }), 1)).toEqual(['a'])
    expect(onTrouble.mock.calls).toEqual([[expect.any(SyntaxError)]])
    expect(texts.get(key)).toMatch(/^\d{16}_\d{16}$/)
  },
)

test('nothing in the storage is nothing to tell', async () => {
  const { channel, load } = await openWorld()
  await channel.publish('a', 'b')
  const onTrouble = vi.fn()
  expect(await deal(load({ onTrouble }, { last: 1 }), 1)).toEqual(['b'])
  expect(onTrouble).not.toHaveBeenCalled()
})

test('after another history the loop ends with the problem, and the page may forget', async () => {
  const { server, channel, load } = await openWorld()
  await channel.publish('a')
  await deal(load(), 1)
  await deleteChannel(channel)
  await (await createTestChannel(server)).publish('new')
  const events = load()
  await expect(deal(events, 1)).rejects.toHaveProperty('code', 'history-changed')
  await expect(deal(load(), 1)).rejects.toHaveProperty('code', 'history-changed')
  events.forget()
  expect(await deal(events, 1)).toEqual(['new'])
})

test('after another history of a channel that was heard here, one that is made anew starts as it does', async () => {
  const { server, channel, load } = await openWorld()
  await channel.publish('a')
  const events = load()
  const iterator = events[Symbol.asyncIterator]()
  expect((await iterator.next()).value?.data).toBe('a')
  const next = iterator.next()
  await Promise.all([expect(next).rejects.toHaveProperty('code'), deleteChannel(channel)])
  await (await createTestChannel(server)).publish('new')
  events.forget()
  await expect(deal(events, 1)).rejects.toHaveProperty('code', 'history-changed')
  expect(await deal(load(), 1)).toEqual(['new'])
})

test("after another history the channel's own choice counts", async () => {
  const { server, channel, load } = await openWorld()
  await channel.publish('a')
  await deal(load(), 1)
  await deleteChannel(channel)
  await (await createTestChannel(server)).publish('new', 'newer')
  expect(await deal(load({}, { onGap: () => 'earliest' }), 1)).toEqual(['new'])
  expect(await deal(load(), 1)).toEqual(['newer'])
})

test('channels and servers of one origin have keys of their own', async () => {
  const one = await openWorld('cake')
  const other = await openWorld('bread')
  await one.channel.publish('a')
  await other.channel.publish('b')
  await deal(one.load({ storage: textStorage().storage }), 1)
  const { storage, texts } = textStorage()
  await deal(one.load({ storage }), 1)
  await deal(other.load({ storage }), 1)
  expect([...texts.keys()]).toEqual([one.key, other.key])
})

test('what did not work is remembered by the next page', () => {
  const { storage } = textStorage()
  storedWays(storage).failed('https://news.example', 'websocket')
  expect(storedWays(storage).avoided('https://news.example')).toEqual(['websocket'])
})
