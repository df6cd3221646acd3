import { closeChannel, createChannel, deleteChannel, head } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { forkOf, get, tailOf } from '../support/fork.js'
import { RawWebSocket } from '../support/raw-client.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearAll, hearUntil, messagesIn } from '../support/ways.js'

for (const way of ways) {
  test(`a reader over ${way} hears what a fork inherits and then its own, never what its source gets later`, async () => {
    const source = await createTestChannel(await startTestServer({ longPollMs: 200 }))
    await source.publish(1, 2)
    const fork = await forkOf(source, 'fork')
    const hearing = hearAll(fork, { way })
    await source.publish('later')
    await fork.publish(3)
    await source.publish('still later')
    await fork.publish(4)
    await closeChannel(fork)
    expect(messagesIn(await hearing)).toEqual(['1', '2', '3', '4'])
    await closeChannel(source)
    expect(messagesIn(await hearAll(source, { way }))).toEqual(['1', '2', '"later"', '"still later"'])
  })

  test(`a reader over ${way} leaves the source for the fork at an offset that both have`, async () => {
    const source = await createTestChannel(await startTestServer())
    await source.publish(1)
    const offset = await source.publish(2)
    await source.publish(3)
    const fork = await forkOf(source, 'fork')
    await fork.publish(4)
    const heard = await hearUntil(fork, { way, offset }, (batches) => messagesIn(batches).length === 2)
    expect(messagesIn(heard)).toEqual(['3', '4'])
  })
}

test('a poll that is held on a fork is not answered by what its source gets', async () => {
  const server = await startTestServer()
  const source = await createTestChannel(server)
  await source.publish(1)
  const fork = await forkOf(source, 'fork')
  const held = fetch(fork.reading({ offset: 'now', live: 'long-poll' }))
  await statsOf(server).until(isListening['long-poll'])
  await source.publish(2)
  await fork.publish(3)
  expect(await (await held).text()).toBe('[3]')
})

test('offsets are the same in the source and the fork up to the fork point, and differ beyond it', async () => {
  const server = await startTestServer()
  const source = await createTestChannel(server)
  const start = await tailOf(source)
  const inherited = [start, await source.publish(1), await source.publish(2)]
  const fork = await forkOf(source, 'fork')
  const beyond = { source: await source.publish(3), fork: await fork.publish(3) }
  expect(beyond.fork > beyond.source && beyond.source > (inherited[2] as string)).toBe(true)
  for (const [index, offset] of inherited.entries()) {
    for (const channel of [source, fork]) {
      expect((await get(channel.reading({ offset }))).text).toBe(JSON.stringify([1, 2, 3].slice(index)))
    }
  }
  for (const [channel, offset] of [
    [fork, beyond.source],
    [source, beyond.fork],
  ] as const) {
    expect(await get(channel.reading({ offset }))).toMatchObject({ status: 410, code: 'history-changed' })
  }
  // The fork's own history at the fork point, and the source's beyond it, were never told.
  const own = beyond.fork.split('_')[0]
  const point = (inherited[2] as string).split('_')[1]
  expect(await get(fork.reading({ offset: `${own}_${point}` }))).toMatchObject({ status: 410 })
})

test('each message of a fork has the offset that it has in the source', async () => {
  const server = await startTestServer()
  const source = await createTestChannel(server)
  await source.publish(1, 2, 3)
  const fork = await forkOf(source, 'fork', { offset: '-1', subOffset: 2 })
  await fork.publish(4)
  const offsets: Record<string, string[]> = {}
  for (const channel of [source.channel, fork.channel]) {
    const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    socket.send({ type: 'subscribe', channel, offset: '-1', offsets: true })
    const envelopes = await socket.has(channel === 'fork' ? 3 : 2)
    offsets[channel] = envelopes.flatMap((text) => (JSON.parse(text) as { offsets?: string[] }).offsets ?? [])
  }
  expect(offsets.fork?.slice(0, 2)).toEqual(offsets.cake?.slice(0, 2))
  expect(offsets.fork?.[2]).not.toBe(offsets.cake?.[2])
})

test('a fork of a fork of a fork reads through all of them, and each goes its own way', async () => {
  const first = await createTestChannel(await startTestServer())
  await first.publish('a')
  const second = await forkOf(first, 'second')
  await second.publish('b')
  const third = await forkOf(second, 'third')
  const offset = await third.publish('c')
  const fourth = await forkOf(third, 'fourth', { offset })
  await fourth.publish('d')
  // From a point that the second one inherits itself.
  const early = await forkOf(third, 'early', { offset: '-1', subOffset: 1 })
  await first.publish('x')
  await early.publish('e')
  expect((await get(fourth.url)).text).toBe('["a","b","c","d"]')
  expect((await get(early.url)).text).toBe('["a","e"]')
  expect((await get(first.url)).text).toBe('["a","x"]')
})

test.each([
  ['text/plain', 'gr\u00fc\u00dfe', 3, 'gr'],
  ['text/plain', 'gr\u00fc\u00dfe', 4, 'gr\u00fc'],
  ['application/octet-stream', 'bytes', 2, 'by'],
  ['application/octet-stream', 'bytes', 5, 'bytes'],
])(
  'a fork of %s begins within the message %s after %i bytes, but not within a character',
  async (contentType, text, subOffset, expected) => {
    const source = await createTestChannel(await startTestServer(), { contentType })
    const message = contentType === 'text/plain' ? text : Buffer.from(text)
    await source.publish(contentType === 'text/plain' ? 'one,' : Buffer.from('one,'))
    const offset = await tailOf(source)
    await source.publish(message)
    const making = forkOf(source, 'fork', { offset, subOffset })
    if (Buffer.byteLength(expected) !== subOffset) {
      await expect(making).rejects.toMatchObject({ code: 'fork-invalid', status: 400 })
      return
    }
    const fork = await making
    await fork.publish(contentType === 'text/plain' ? '!' : Buffer.from('!'))
    expect((await get(fork.url)).text).toBe(`one,${expected}!`)
    // The fork point lies within a message of the source: the fork gave it out, the source did not.
    const point = await tailOf(
      await forkOf(fork, 'again', { offset, subOffset: Buffer.byteLength(expected) }),
    )
    expect((await get(fork.reading({ offset: point }))).text).toBe('!')
    expect((await get(source.reading({ offset: point }))).status).toBe(expected === text ? 200 : 410)
  },
)

test('a sub-offset counts the messages of a JSON channel up to its tail, across appends', async () => {
  const source = await createTestChannel(await startTestServer())
  const offset = await source.publish(1, 2)
  await source.publish(3)
  await source.publish([4, 4], 5)
  const texts = ['[1,2]', '[1,2,3]', '[1,2,3,[4,4]]', '[1,2,3,[4,4],5]']
  for (const [subOffset, text] of texts.entries()) {
    expect((await get((await forkOf(source, `fork-${subOffset}`, { offset, subOffset })).url)).text).toBe(
      text,
    )
  }
})

test('a fork of a closed channel is open, and one that is made closed is closed', async () => {
  const source = await createTestChannel(await startTestServer())
  await source.publish(1)
  await closeChannel(source)
  const fork = await forkOf(source, 'fork')
  await fork.publish(2)
  expect(await head(fork)).toMatchObject({ closed: false })
  const shut = await forkOf(source, 'shut', {}, { 'stream-closed': 'true' })
  expect(messagesIn(await hearAll(shut, { way: 'sse' }))).toEqual(['1'])
})

test("a fork knows nothing of its source's producers and sequences", async () => {
  const source = await createTestChannel(await startTestServer())
  const headers = {
    'content-type': 'application/json',
    'producer-id': 'p',
    'producer-epoch': '3',
    'producer-seq': '0',
    'stream-seq': 'b',
  }
  const append = async (url: string) => (await fetch(url, { method: 'POST', headers, body: '1' })).status
  expect(await append(source.url)).toBe(200)
  const fork = await forkOf(source, 'fork')
  expect(await append(fork.url)).toBe(200)
  expect(await append(fork.url)).toBe(204)
  expect((await get(fork.url)).text).toBe('[1,1]')
})

test('the first messages of a fork come with it, after what it inherits', async () => {
  const source = await createTestChannel(await startTestServer())
  await source.publish(1)
  const headers = { 'content-type': 'application/json', 'stream-forked-from': '/v1/stream/cake' }
  const answer = await fetch(`${source.server}/v1/stream/fork`, { method: 'PUT', headers, body: '[2,3]' })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('stream-next-offset')).toMatch(/_0{15}3$/)
  expect((await get(`${source.server}/v1/stream/fork`)).text).toBe('[1,2,3]')
})

test('the same PUT again finds the fork, also when its source has gone on or is deleted; another is refused', async () => {
  const source = await createTestChannel(await startTestServer())
  const offset = await source.publish(1)
  const made = async (fork: { offset?: string; subOffset?: number }, headers = {}) =>
    (
      await createChannel(
        { server: source.server, channel: 'fork' },
        { fork: { from: 'cake', ...fork }, headers },
      )
    ).created
  expect(await made({ offset })).toBe(true)
  await source.publish(2)
  expect(await made({ offset })).toBe(false)
  expect(await made({ offset, subOffset: 0 })).toBe(false)
  await deleteChannel(source)
  expect(await made({ offset })).toBe(false)
  for (const other of [{}, { offset: '-1' }, { offset, subOffset: 1 }]) {
    await expect(made(other)).rejects.toMatchObject({ code: 'channel-exists', status: 409 })
  }
  await expect(made({ offset }, { 'stream-ttl': '60' })).rejects.toMatchObject({ code: 'channel-exists' })
  const plain = createChannel({ server: source.server, channel: 'fork' })
  await expect(plain).rejects.toMatchObject({ code: 'channel-exists' })
})

test('a fork holds what its source does, with parameters of its own, but nothing else', async () => {
  const source = await createTestChannel(await startTestServer(), { contentType: 'text/plain;charset=utf-8' })
  await source.publish('one')
  const fork = await forkOf(source, 'fork')
  expect(await head(fork)).toMatchObject({ contentType: 'text/plain;charset=utf-8', kind: 'text' })
  const bare = { server: source.server, channel: 'bare' }
  await createChannel(bare, { contentType: 'text/plain', fork: { from: 'cake' } })
  expect(await head(bare)).toMatchObject({ contentType: 'text/plain' })
  for (const contentType of ['application/json', 'application/octet-stream', 'text/html']) {
    const making = createChannel(
      { server: source.server, channel: 'other' },
      { contentType, fork: { from: 'cake' } },
    )
    await expect(making).rejects.toMatchObject({ code: 'content-type-mismatch', status: 409 })
  }
})
