import {
  type ChannelAddress,
  closeChannel,
  createChannel,
  deleteChannel,
  head,
  listChannels,
  postPublisher,
  RawJson,
  type ReadOptions,
  read,
  socketPublisher,
  type Way,
} from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { type RunningServer, startServer } from 'tidings'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { all, Hearing, messagesOf, rawOf } from './support/hear.js'
import { webSocket } from './support/socket-server.js'

let server: RunningServer
let channels = 0

beforeAll(async () => {
  server = await startServer({ port: 0, engine: 'memory', longPollMs: 100, heartbeatMs: 1_000 })
})
afterAll(() => server.close())

async function newChannel(contentType = 'application/json'): Promise<ChannelAddress> {
  const address = { server: server.url, channel: `four-readers/${++channels}` }
  await createChannel(address, { contentType })
  return address
}

const open = (address: ChannelAddress, way: Way, offset?: string, more: Partial<ReadOptions> = {}) =>
  read(address, { way, webSocket, intervalMs: 5, ...(offset !== undefined && { offset }), ...more })

function postTo(address: ChannelAddress, contentType?: string) {
  const publisher = postPublisher(address, contentType === undefined ? {} : { contentType })
  onTestFinished(() => publisher.stop())
  return publisher
}

describe.each(ways)('%s', (way) => {
  test('hears what was there, then what comes, and ends when the channel is closed', async () => {
    const address = await newChannel()
    const publisher = postTo(address)
    await publisher.publish(['before'])
    const hearing = new Hearing(open(address, way))
    expect((await hearing.messages(1)).messages).toEqual(['before'])
    await publisher.publish(['after'])
    expect((await hearing.messages(1)).messages).toEqual(['after'])
    const { nextOffset } = await publisher.publish(['last'], { close: true })
    const last = await hearing.next()
    expect(last.messages).toEqual(['last'])
    if (!last.closed) expect(await hearing.next()).toMatchObject({ kind: 'empty', nextOffset, closed: true })
    expect(await hearing.hasEnded()).toBe(true)
    const again = await all(open(address, way, nextOffset))
    expect(again.at(-1)).toMatchObject({ kind: 'empty', nextOffset, upToDate: true, closed: true })
  })

  test('tells the tail that now stands for, and hears nothing from before it', async () => {
    const address = await newChannel()
    const publisher = postTo(address)
    const { nextOffset } = await publisher.publish(['before'])
    const hearing = new Hearing(open(address, way, 'now'))
    expect(await hearing.next()).toMatchObject({ kind: 'empty', nextOffset, upToDate: true })
    await publisher.publish(['after'])
    expect((await hearing.messages(1)).messages).toEqual(['after'])
    await hearing.leave()
  })

  test('hands JSON on byte for byte', async () => {
    const address = await newChannel()
    const texts = ['9007199254740993', '{"b":1,"a":1.0}', '"\\u00fc"', '[[1, 2]]', '1e400']
    await postTo(address).publish(
      texts.map((text) => new RawJson(text)),
      { close: true },
    )
    expect(rawOf(await all(open(address, way)))).toEqual(texts)
  })

  test('hears text and bytes', async () => {
    const text = await newChannel('text/plain')
    await postTo(text, 'text/plain').publish(['größe: ', '"3"\n', ' kg'], { close: true })
    expect(messagesOf(await all(open(text, way))).join('')).toBe('größe: "3"\n kg')

    const binary = await newChannel('application/x-cake')
    const parts = [Uint8Array.of(0, 1, 2), Uint8Array.of(255, 254)]
    await postTo(binary, 'application/x-cake').publish(parts, { close: true })
    const heard = messagesOf(await all(open(binary, way))) as Uint8Array[]
    expect(heard.flatMap((chunk) => [...chunk])).toEqual([0, 1, 2, 255, 254])
  })

  test('says that a channel is unknown', async () => {
    const address = { server: server.url, channel: 'nowhere' }
    await expect(all(open(address, way))).rejects.toMatchObject({ code: 'channel-unknown', status: 404 })
  })

  test('says that an offset belongs to another history, and where one may go on', async () => {
    const address = await newChannel()
    const { nextOffset: old } = await postTo(address).publish([1, 2])
    await deleteChannel(address)
    await createChannel(address)
    const { nextOffset } = await postTo(address).publish([3])
    await expect(all(open(address, way, old))).rejects.toMatchObject({
      code: 'history-changed',
      status: 410,
      facts: { earliestOffset: expect.any(String), nextOffset },
    })
  })

  test('ends when its channel is deleted', async () => {
    const address = await newChannel()
    const hearing = new Hearing(open(address, way))
    await hearing.next()
    const next = hearing.next()
    await Promise.all([
      expect(next).rejects.toMatchObject({ code: 'channel-unknown' }),
      deleteChannel(address),
    ])
  })
})

const pairs = ways.flatMap((from) => ways.map((to) => [from, to] as const))

test.each(pairs)('a reader that leaves %s for %s hears every message once, in order', async (from, to) => {
  const address = await newChannel()
  const publisher = postTo(address)
  await publisher.publish([1, 2])
  const first = new Hearing(open(address, from))
  const heard = await first.messages(2)
  await first.leave()
  await publisher.publish([3])
  const second = new Hearing(open(address, to, heard.offset))
  await publisher.publish([4])
  expect([...heard.messages, ...(await second.messages(2)).messages]).toEqual([1, 2, 3, 4])
  await second.leave()
})

test('a reader that changes way at random, while others publish, hears every message once, in order', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  console.log(`SEED=${seed}`)
  const random = mulberry32(seed)
  const address = await newChannel()
  const publishers = [postTo(address), socketPublisher(address, { webSocket })]
  onTestFinished(() => publishers[1]?.stop())
  const count = 400
  const publishing = (async () => {
    for (let number = 0; number < count; number++) {
      const call = publishers[number % 2]?.publish([number])
      // Some wait for the answer and some do not, so that batches of all sizes come about.
      if (random() < 0.3) await call
    }
    await Promise.all(publishers.map((publisher) => publisher.flush()))
    await closeChannel(address)
  })()

  const heard: unknown[] = []
  let offset = '-1'
  let hops = 0
  for (let isOver = false; !isOver; hops++) {
    const way = ways[Math.floor(random() * ways.length)] as Way
    let batches = 1 + Math.floor(random() * 4)
    for await (const batch of open(address, way, offset)) {
      heard.push(...batch.messages)
      offset = batch.nextOffset
      isOver = batch.closed
      if (--batches === 0) break
    }
  }
  await publishing
  // Two publishers: each one's messages come in its own order, and together each comes once.
  for (const parity of [0, 1]) {
    const own = heard.filter((number) => Number(number) % 2 === parity)
    expect(own).toEqual(Array.from({ length: count / 2 }, (_, index) => 2 * index + parity))
  }
  expect(heard).toEqual(messagesOf(await all(open(address, 'short-poll'))))
  expect(hops).toBeGreaterThan(1)
})

test('a WebSocket reader that is slow leaves and comes back, and hears every message once, in order', async () => {
  const address = await newChannel()
  const publisher = postTo(address)
  let departures = 0
  class Counting extends WebSocket {
    override send(text: string): void {
      if (text.includes('"unsubscribe"')) departures++
      super.send(text)
    }
  }
  const options = { maxQueuedLength: 200, webSocket: Counting }
  const hearing = new Hearing(open(address, 'websocket', '-1', options))
  await hearing.next()
  const texts = Array.from({ length: 300 }, (_, number) => `${number} ${'x'.repeat(number % 50)}`)
  // One by one: each publish is a batch of its own, and together they are far more than the reader's queue.
  for (const text of texts) await publisher.publish([text])
  expect((await hearing.messages(texts.length)).messages).toEqual(texts)
  expect(departures).toBeGreaterThan(0)
  await hearing.leave()
})

test('channels are made, looked at, listed, closed and deleted', async () => {
  const address = await newChannel('text/plain')
  expect(await createChannel(address, { contentType: 'text/plain' })).toMatchObject({ created: false })
  await expect(createChannel(address)).rejects.toMatchObject({ code: 'channel-exists', status: 409 })
  expect(await head(address)).toMatchObject({ contentType: 'text/plain', kind: 'text', closed: false })
  const { nextOffset } = await closeChannel(address)
  expect(await closeChannel(address)).toEqual({ nextOffset })
  await deleteChannel(address)
  await expect(head(address)).rejects.toMatchObject({ code: 'channel-unknown' })
})

test('channels are listed by name, page by page', async () => {
  const address = await newChannel('text/plain')
  const names: string[] = []
  let after: string | null = ''
  while (after !== null) {
    const list = await listChannels(server.url, { limit: 3, ...(after !== '' && { after }) })
    names.push(...list.channels.map(({ name }) => name))
    after = list.next
  }
  expect(names).toContain(address.channel)
  expect(new Set(names).size).toBe(names.length)
})

/** A small generator that a seed replays. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
