import { connect, type Tidings } from '@tidings/client'
import { createChannel, read } from '@tidings/client/ways'
import { startServer } from 'tidings'
import { expect, onTestFinished, test } from 'vitest'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { webSocket } from './support/socket-server.js'

async function shop(options: Parameters<typeof connect>[1] = {}) {
  const server = await startTestServer({ longPollMs: 2_000 })
  await createChannel({ server: server.url, channel: 'cake' })
  const tidings = connect(server.url, { webSocket, ...options })
  onTestFinished(() => tidings.close())
  return { server, tidings }
}

/** All that the channel holds. */
async function kept(server: string, channel = 'cake'): Promise<unknown[]> {
  const messages: unknown[] = []
  for await (const batch of read({ server, channel }, { way: 'short-poll' })) {
    messages.push(...batch.messages)
    if (batch.upToDate) break
  }
  return messages
}

function isOver(tidings: Tidings, way: string): Promise<void> {
  return new Promise((resolve) => {
    tidings.addEventListener('way', ({ detail }) => detail.way === way && resolve())
  })
}

test('a program that hears nothing publishes by POST, and is told the offset', async () => {
  const { server, tidings } = await shop()
  const channel = tidings.channel<number>('cake')
  const receipts = await Promise.all([1, 2, 3].map((n) => channel.publish(n)))
  expect(await kept(server.url)).toEqual([1, 2, 3])
  expect(receipts.at(-1)).toMatchObject({ offset: expect.stringMatching(/_0{15}3$/), duplicate: false })
  expect(tidings.state).toBe('idle')
})

test('a program that hears over a WebSocket publishes over it, and hears what it said', async () => {
  const posts: string[] = []
  const { server, tidings } = await shop({
    fetch: (url, init) => {
      if (init?.method === 'POST') posts.push(String(url))
      return fetch(url, init)
    },
  })
  const channel = tidings.channel<number>('cake', { offset: '-1' })
  const heard: number[] = []
  const hearing = (async () => {
    for await (const message of channel) heard.push(message)
  })()
  await isOver(tidings, 'websocket')
  await Promise.all([1, 2, 3].map((n) => channel.publish(n)))
  await channel.close()
  await hearing
  expect(heard).toEqual([1, 2, 3])
  expect(await kept(server.url)).toEqual([1, 2, 3])
  expect(posts.filter((url) => url.includes('/v1/stream/'))).toEqual([])
})

test('what is published while the way changes is kept once, in order', async () => {
  const { server, tidings } = await shop()
  const channel = tidings.channel<number>('cake', { offset: '-1' })
  const publishing = Array.from({ length: 50 }, (_, n) => channel.publish(n))
  const hearing = (async () => {
    for await (const message of channel) if (message === 99) break
  })()
  const up = isOver(tidings, 'websocket')
  for (let n = 50; n < 100; n++) {
    publishing.push(channel.publish(n))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all([...publishing, up])
  await hearing
  expect(await kept(server.url)).toEqual(Array.from({ length: 100 }, (_, n) => n))
})

test('what is published while the server is away is kept once it is back', async () => {
  const settings = {
    engine: 'disk',
    data: await temporaryFolder(),
    durability: 'os',
    longPollMs: 300,
  } as const
  const before = await startServer({ ...settings, port: 0 })
  await createChannel({ server: before.url, channel: 'cake' })
  const tidings = connect(before.url, { webSocket, backoff: { baseMs: 20, capMs: 100 } })
  onTestFinished(() => tidings.close())
  const channel = tidings.channel<number>('cake', { offset: '-1' })
  const heard: number[] = []
  const hearing = (async () => {
    for await (const message of channel) if (heard.push(message) === 3) break
  })()
  await channel.publish(1)
  await before.close()
  const publishing = [channel.publish(2), channel.publish(3)]
  const after = await startServer({ ...settings, port: before.settings.port })
  onTestFinished(() => after.close())
  await Promise.all(publishing)
  await hearing
  expect(heard).toEqual([1, 2, 3])
})

test('a refusal is its own call alone, and a closed client takes no more', async () => {
  const { server, tidings } = await shop()
  await expect(tidings.channel('nothing').publish(1)).rejects.toMatchObject({
    code: 'channel-unknown',
    status: 404,
  })
  const channel = tidings.channel('cake')
  const unwritable = { loop: undefined as unknown }
  unwritable.loop = unwritable
  await expect(channel.publish(unwritable)).rejects.toMatchObject({ code: 'message-invalid' })
  await channel.publish('fine')
  await channel.publish('last', { close: true })
  await expect(channel.publish('late')).rejects.toMatchObject({ code: 'channel-closed' })
  expect(await kept(server.url)).toEqual(['fine', 'last'])
  tidings.close()
  await expect(channel.publish('later')).rejects.toMatchObject({ code: 'publisher-stopped' })
})
