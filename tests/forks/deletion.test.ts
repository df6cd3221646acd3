import { createChannel, deleteChannel, listChannels, ProblemError, read } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { forkOf, get } from '../support/fork.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { hearAll, messagesIn, onNode } from '../support/ways.js'

/** A channel of one message with a fork of another. */
async function sourceAndFork(options: Parameters<typeof startTestServer>[0] = {}) {
  const server = await startTestServer(options)
  const source = await createTestChannel(server)
  await source.publish('inherited')
  const fork = await forkOf(source, 'fork')
  await fork.publish('own')
  return { server, source, fork }
}

async function statusOf(channel: TestChannel, method: string): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const body = method === 'POST' ? { body: '1' } : {}
  return (await fetch(channel.url, { method, headers, ...body })).status
}

const names = async (server: { url: string }) =>
  (await listChannels(server.url)).channels.map(({ name }) => name)

test('a deleted source answers 410 and keeps its name, while its forks read on', async () => {
  const { server, source, fork } = await sourceAndFork()
  expect(await statusOf(source, 'DELETE')).toBe(204)
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) expect(await statusOf(source, method)).toBe(410)
  expect(await get(source.url)).toMatchObject({ code: 'channel-deleted' })
  for (const live of ['long-poll', 'sse']) {
    expect(await get(source.reading({ live, offset: '-1' }))).toMatchObject({ code: 'channel-deleted' })
  }
  expect(await statusOf(source, 'PUT')).toBe(409)
  expect(await names(server)).toEqual(['fork'])
  const another = createChannel({ server: server.url, channel: 'another' }, { fork: { from: 'cake' } })
  await expect(another).rejects.toMatchObject({ code: 'fork-source-deleted', status: 409 })
  expect((await get(fork.url)).text).toBe('["inherited","own"]')
  await fork.publish('more')
  expect((await get(fork.reading({ last: '3' }))).text).toBe('["inherited","own","more"]')
})

test('when its last fork goes, a deleted source is gone, and its name is free for a new history', async () => {
  const { source, fork } = await sourceAndFork()
  const other = await forkOf(source, 'other', { offset: '-1' })
  const old = (await get(source.url)).headers.get('stream-next-offset') as string
  await deleteChannel(source)
  await deleteChannel(other)
  expect(await statusOf(source, 'HEAD')).toBe(410)
  await deleteChannel(fork)
  expect(await statusOf(source, 'HEAD')).toBe(404)
  expect(await statusOf(source, 'PUT')).toBe(201)
  expect(await get(source.reading({ offset: old }))).toMatchObject({ status: 410, code: 'history-changed' })
})

test('a source whose forks are all gone is deleted at once', async () => {
  const { source, fork } = await sourceAndFork()
  await deleteChannel(fork)
  expect((await get(source.url)).text).toBe('["inherited"]')
  await deleteChannel(source)
  expect(await statusOf(source, 'PUT')).toBe(201)
})

test('a chain of 100 forks, all deleted but the last, reads to its end, and goes with it', async () => {
  const server = await startTestServer()
  let last = await createTestChannel(server, { channel: 'fork-0' })
  for (let index = 1; index <= 100; index++) {
    await last.publish(index)
    const next = await forkOf(last, `fork-${index}`)
    await deleteChannel(last)
    last = next
  }
  expect((await get(last.url)).text).toBe(
    JSON.stringify(Array.from({ length: 100 }, (_, index) => index + 1)),
  )
  expect((await get(last.reading({ last: '2' }))).text).toBe('[99,100]')
  await deleteChannel(last)
  for (const name of ['fork-0', 'fork-50', 'fork-99']) {
    expect((await get(`${server.url}/v1/stream/${name}`)).code).toBe('channel-unknown')
  }
})

describe('who listens to a source that is deleted while forks stand on it', () => {
  for (const way of ways) {
    test(`over ${way} is told that it is gone`, async () => {
      const { server, source, fork } = await sourceAndFork()
      const heard: unknown[] = []
      const reading = (async () => {
        const batches = read(source, { way, intervalMs: 10, ...onNode })
        for await (const batch of batches) heard.push(...batch.messages)
      })()
      reading.catch(() => {})
      await statsOf(server).until(isListening[way])
      const forkReading = hearAll(fork, { way })
      await deleteChannel(source)
      await expect(reading).rejects.toSatisfy((error) => error instanceof ProblemError)
      await fetch(fork.url, { method: 'POST', headers: { 'stream-closed': 'true' } })
      expect(messagesIn(await forkReading)).toEqual(['"inherited"', '"own"'])
      expect(heard).toEqual(['inherited'])
      await statsOf(server).untilNothingIsHeld()
    })
  }

  test('and is held in a poll is answered 410 at once', async () => {
    const { server, source } = await sourceAndFork()
    const held = get(source.reading({ offset: 'now', live: 'long-poll' }))
    await statsOf(server).until(isListening['long-poll'])
    await deleteChannel(source)
    expect(await held).toMatchObject({ status: 410, code: 'channel-deleted' })
  })

  test('over a plain WebSocket is closed and told why', async () => {
    const { server, source } = await sourceAndFork()
    const raw = await RawWebSocket.open(source.reading({ live: 'websocket' }))
    await statsOf(server).until(({ listeners }) => listeners === 1)
    await deleteChannel(source)
    expect(await raw.closed).toEqual({ code: 1008, reason: 'channel-deleted' })
  })

  test('and has not caught up hears what there is, and then that it is gone', async () => {
    const server = await startTestServer()
    const source = await createTestChannel(server, { contentType: 'text/plain' })
    // More than the sockets between take, so that the reader waits in the log.
    for (let index = 0; index < 8; index++) await source.publish('#'.repeat(1 << 20))
    await forkOf(source, 'fork')
    const stream = await RawEventStream.open(source.reading({ offset: '-1', live: 'sse' }))
    await deleteChannel(source)
    await stream.read().ended
    expect(stream.text.match(/#/g)?.length).toBe(8 << 20)
    await statsOf(server).untilNothingIsHeld()
  })
})

test('deleted sources and their forks are the same after a restart, and go when they should', async () => {
  const data = await temporaryFolder()
  const first = await sourceAndFork({ engine: 'disk', data })
  const grandchild = await forkOf(first.fork, 'grandchild')
  const tail = await grandchild.publish('last')
  await deleteChannel(first.source)
  await deleteChannel(first.fork)
  await first.server.close()

  const server = await startTestServer({ engine: 'disk', data, port: first.server.settings.port })
  expect(await names(server)).toEqual(['grandchild'])
  const answer = await get(grandchild.url)
  expect(answer.text).toBe('["inherited","own","last"]')
  expect(answer.headers.get('stream-next-offset')).toBe(tail)
  expect(await statusOf(first.source, 'GET')).toBe(410)
  expect(await statusOf(first.fork, 'PUT')).toBe(409)
  await deleteChannel(grandchild)
  expect(await statusOf(first.fork, 'PUT')).toBe(201)
  expect(await statusOf(first.source, 'PUT')).toBe(201)
  expect((await get(first.source.url)).text).toBe('[]')
})

test('a fork that is deleted and made again reads what it inherits then', async () => {
  const { source, fork } = await sourceAndFork()
  await source.publish('later')
  await deleteChannel(fork)
  const again = await forkOf(source, 'fork')
  expect((await get(again.url)).text).toBe('["inherited","later"]')
  expect((await get(again.reading({ since: '2000-01-01T00:00:00Z' }))).text).toBe('["inherited","later"]')
})
