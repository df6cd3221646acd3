import { type ChannelOptions, connect } from '@tidings/client'
import { closeChannel } from '@tidings/client/ways'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestChannel } from '../../../../tests/support/channel.js'
import { startTestServer } from '../../../../tests/support/test-server.js'
import { type ChannelSnapshot, type ChannelStore, channelStore, type StoreOptions } from './index.js'

/** A server with a channel, and a store over it that says when it subscribes anew. */
async function openWorld(
  options: StoreOptions = {},
  channelOptions: ChannelOptions<unknown> = { offset: '-1' },
) {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const tidings = connect(server.url)
  onTestFinished(() => tidings.close())
  const heard = tidings.channel('cake', channelOptions)
  const events = vi.spyOn(heard, 'events')
  return { server, channel, tidings, heard, events, store: channelStore(heard, options) }
}

/** Subscribes until the snapshot is so. @returns the snapshots that listeners were told of */
async function until<Message>(
  store: ChannelStore<Message>,
  isSo: (snapshot: ChannelSnapshot<Message>) => boolean,
): Promise<ChannelSnapshot<Message>[]> {
  const told: ChannelSnapshot<Message>[] = []
  let leave = () => {}
  await new Promise<void>((resolve) => {
    leave = store.subscribe(() => {
      told.push(store.getSnapshot())
      if (isSo(store.getSnapshot())) resolve()
    })
    if (isSo(store.getSnapshot())) resolve()
  })
  leave()
  return told
}

const has = (count: number) => (snapshot: ChannelSnapshot<unknown>) => snapshot.messages.length === count

const turn = () => new Promise((resolve) => setTimeout(resolve))

test('nothing is asked for before somebody subscribes', async () => {
  const { store, tidings } = await openWorld()
  const snapshot = store.getSnapshot()
  expect(snapshot).toEqual({ messages: [], offset: undefined, state: 'idle', error: undefined })
  expect(store.getSnapshot()).toBe(snapshot)
  expect(tidings.state).toBe('idle')
})

test('messages that come together are told together, in order, in a snapshot of their own', async () => {
  const { store, channel } = await openWorld()
  const numbers = Array.from({ length: 1_000 }, (_, index) => index)
  await channel.publish(...numbers)
  const told = await until(store, has(1_000))
  expect(told.length).toBeLessThanOrEqual(3)
  const { messages, state, offset } = told.at(-1) as ChannelSnapshot<unknown>
  expect({ messages, state }).toEqual({ messages: numbers, state: 'hearing' })
  expect(offset).toMatch(/_0000000000001000$/)
  await channel.publish('next')
  await until(store, (snapshot) => snapshot.messages.at(-1) === 'next')
  expect(messages).toEqual(numbers)
})

test('a message for each frame and more is told once a frame', async () => {
  const { store, channel } = await openWorld()
  const startMs = performance.now()
  const told = until(store, (snapshot) => snapshot.messages.at(-1) === 'last')
  for (let number = 0; number < 200; number += 1) await channel.publish(number)
  await channel.publish('last')
  const frames = (performance.now() - startMs) / 16
  expect((await told).length).toBeLessThan(frames + 3)
})

test.each([0, 1, 3, 1_000])('the last %i are kept, and no more', async (limit) => {
  const { store, channel } = await openWorld({ limit })
  const numbers = Array.from({ length: 20 }, (_, index) => index)
  await channel.publish(...numbers)
  const told = await until(store, ({ offset }) => offset?.endsWith('20') ?? false)
  expect(told.at(-1)?.messages).toEqual(limit === 0 ? [] : numbers.slice(-limit))
  expect(told.every(({ messages }) => messages.length <= limit)).toBe(true)
})

test('the last one may leave and the next one come in one turn: the subscription stays', async () => {
  const { store, channel, events } = await openWorld()
  const leave = store.subscribe(() => {})
  leave()
  leave()
  const told = until(store, has(1))
  await turn()
  await channel.publish('a')
  await told
  expect(events).toHaveBeenCalledTimes(1)
})

test('who subscribes later is no second subscription, and the store hears until the last has left', async () => {
  const { store, channel, events, tidings } = await openWorld()
  const leaves = [store.subscribe(() => {}), store.subscribe(() => {})]
  await channel.publish('a')
  await until(store, has(1))
  leaves[0]?.()
  await turn()
  await channel.publish('b')
  await until(store, has(2))
  leaves[1]?.()
  await vi.waitFor(() => expect(tidings.state).toBe('idle'), 10_000)
  expect(store.getSnapshot()).toMatchObject({ messages: ['a', 'b'], state: 'idle' })
  expect(events).toHaveBeenCalledTimes(1)
})

test('after a pause it goes on from its own offset: nothing is lost and nothing heard twice', async () => {
  const { store, channel, heard, tidings } = await openWorld({}, { last: 1 })
  await channel.publish('a', 'b')
  await until(store, has(1))
  await vi.waitFor(() => expect(tidings.state).toBe('idle'), 10_000)
  await channel.publish('c', 'd')
  // Somebody else's iteration moves the channel's offset, not the store's.
  for await (const message of heard) if (message === 'd') break
  const told = await until(store, has(3))
  expect(told.at(-1)?.messages).toEqual(['b', 'c', 'd'])
})

test('a channel that is closed is told with its last messages', async () => {
  const { store, channel, events } = await openWorld()
  await channel.publish('a')
  await closeChannel(channel)
  await until(store, ({ state }) => state === 'closed')
  expect(store.getSnapshot()).toMatchObject({ messages: ['a'], error: undefined })
  expect(events).toHaveBeenCalledTimes(1)
})

test.each(['channel', 'store'] as const)('the signal of the %s ends it', async (whose) => {
  const lifetime = new AbortController()
  const { signal } = lifetime
  const options = whose === 'store' ? { signal } : {}
  const { store } = await openWorld(options, whose === 'channel' ? { signal } : {})
  const told = until(store, ({ state }) => state === 'closed')
  lifetime.abort()
  await told
  expect(store.getSnapshot().state).toBe('closed')
})

test('why it failed is told, and the next subscriber tries again', async () => {
  const server = await startTestServer()
  const tidings = connect(server.url)
  onTestFinished(() => tidings.close())
  const store = channelStore(tidings.channel('cake', { offset: '-1' }))
  await until(store, ({ state }) => state === 'failed')
  expect(store.getSnapshot().error).toHaveProperty('code', 'channel-unknown')
  await (await createTestChannel(server)).publish('a')
  await until(store, has(1))
  expect(store.getSnapshot()).toMatchObject({ messages: ['a'], state: 'hearing', error: undefined })
})

test('publishes over the channel, also as a function by itself', async () => {
  const { store } = await openWorld()
  const { publish } = store
  const told = until(store, has(1))
  const { offset } = await publish('a')
  await told
  expect(store.getSnapshot()).toMatchObject({ messages: ['a'], offset })
})

test('a listener may go and come in its own call: it is told once of each change', async () => {
  const { store, channel } = await openWorld()
  await channel.publish('a')
  let told = 0
  let leave = () => {}
  const listener = () => {
    leave()
    if (++told > 100) throw new Error('told without an end')
    leave = store.subscribe(listener)
  }
  leave = store.subscribe(listener)
  await until(store, has(1))
  await turn()
  leave()
  expect(told).toBeLessThanOrEqual(3)
})

test('a listener that throws keeps nothing from the others, and is heard of', async () => {
  const { store, channel } = await openWorld()
  await channel.publish('a')
  const thrown: unknown[] = []
  const before = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener as (error: Error) => void)
  })
  const leave = store.subscribe(() => {
    throw new Error('cannot show this')
  })
  await until(store, has(1))
  await channel.publish('b')
  await until(store, has(2))
  leave()
  expect(thrown[0]).toHaveProperty('message', 'cannot show this')
})
