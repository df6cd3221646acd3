import { type PublisherOptions, postPublisher, RawJson } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { ManualClock } from './support/manual-clock.js'
import { type Answerer, bare, cut, problem, startWireServer, type WireServer } from './support/wire-server.js'

const open = (server: WireServer, options: PublisherOptions = {}) =>
  postPublisher({ server: server.url, channel: 'cake' }, options)

const kept = (nextOffset: string): Answerer => bare(200, { 'stream-next-offset': nextOffset })
const keptBefore = (nextOffset: string): Answerer => bare(204, { 'stream-next-offset': nextOffset })
const bodies = (server: WireServer) => server.asked.map(({ body }) => body)
const sequences = (server: WireServer) => server.asked.map(({ headers }) => headers['producer-seq'])

test('one request at a time; what comes meanwhile goes together in the next, in order', async () => {
  const server = await startWireServer()
  const publisher = open(server)
  const first = publisher.publish([1, [2]])
  await server.request(1)
  const second = publisher.publish([3])
  const third = publisher.publish([new RawJson('9007199254740993')])
  expect(server.asked).toHaveLength(1)
  server.answer(kept('a'), kept('b'))
  expect(await first).toEqual({ nextOffset: 'a', duplicate: false })
  expect(await Promise.all([second, third])).toMatchObject([{ nextOffset: 'b' }, { nextOffset: 'b' }])
  expect(bodies(server)).toEqual(['[1,[2]]', '[3,9007199254740993]'])
  expect(sequences(server)).toEqual(['0', '1'])
  expect(server.asked[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'producer-epoch': '0',
    'producer-id': expect.stringMatching(/^[0-9a-f]{32}$/),
  })
})

test('what is published in one turn goes in one request', async () => {
  const server = await startWireServer(kept('a'))
  const publisher = open(server)
  await Promise.all([publisher.publish([1]), publisher.publish([2])])
  expect(bodies(server)).toEqual(['[1,2]'])
})

test('a request whose answer is lost is sent again with its number, and told from a first one', async () => {
  const clock = new ManualClock()
  const server = await startWireServer(cut, problem('storage-unavailable'), keptBefore('a'), kept('b'))
  const publisher = open(server, { clock, random: () => 1 })
  const first = publisher.publish(['one'])
  await server.request(1)
  const second = publisher.publish(['two'])
  await clock.pass(250)
  await clock.pass(500)
  expect(await first).toEqual({ nextOffset: 'a', duplicate: true })
  expect(await second).toEqual({ nextOffset: 'b', duplicate: false })
  expect(bodies(server)).toEqual(['["one"]', '["one"]', '["one"]', '["two"]'])
  expect(sequences(server)).toEqual(['0', '0', '0', '1'])
})

test('each message of a text channel is a request of its own, and the last one closes', async () => {
  const server = await startWireServer(kept('a'), kept('b'))
  const publisher = open(server, { contentType: 'text/plain' })
  expect(await publisher.publish(['one', 'two'], { close: true })).toMatchObject({ nextOffset: 'b' })
  expect(bodies(server)).toEqual(['one', 'two'])
  expect(server.asked.map(({ headers }) => headers['stream-closed'])).toEqual([undefined, 'true'])
})

test('bytes go as they are', async () => {
  const server = await startWireServer(kept('a'))
  await open(server, { contentType: 'image/png' }).publish([Uint8Array.of(80, 78, 71)])
  expect(bodies(server)).toEqual(['PNG'])
})

test('closing without a message is no duplicate', async () => {
  const server = await startWireServer(keptBefore('a'))
  const published = await open(server).publish([], { close: true })
  expect(published).toEqual({ nextOffset: 'a', duplicate: false })
  expect(server.asked[0]).toMatchObject({ body: '', headers: { 'stream-closed': 'true' } })
})

test('one refused message of several that went together takes none of the others with it', async () => {
  const server = await startWireServer(
    problem('message-too-large'),
    kept('a'),
    problem('message-too-large'),
    kept('b'),
  )
  const publisher = open(server)
  const published = await Promise.allSettled([1, 2, 3].map((message) => publisher.publish([message])))
  expect(published).toMatchObject([
    { status: 'fulfilled', value: { nextOffset: 'a' } },
    { status: 'rejected', reason: { code: 'message-too-large' } },
    { status: 'fulfilled', value: { nextOffset: 'b' } },
  ])
  expect(bodies(server)).toEqual(['[1,2,3]', '[1]', '[2]', '[3]'])
  expect(sequences(server)).toEqual(['0', '0', '1', '1'])
})

test('a newer producer ends this one, unless it may claim', async () => {
  const stale = () => problem('producer-stale', { 'producer-epoch': '5' })
  const server = await startWireServer(stale(), stale(), kept('a'))
  const fenced = open(server, { producerId: 'p' })
  await expect(fenced.publish([1])).rejects.toMatchObject({
    code: 'producer-stale',
    facts: { currentEpoch: 5 },
  })
  await expect(fenced.publish([2])).rejects.toMatchObject({ code: 'producer-stale' })

  const claiming = open(server, { producerId: 'p', autoClaim: true })
  expect(await claiming.publish([3])).toMatchObject({ nextOffset: 'a' })
  expect(server.asked.at(-1)?.headers).toMatchObject({ 'producer-epoch': '6', 'producer-seq': '0' })
})

test('a gap says that acknowledged messages are gone: everything after it fails too', async () => {
  const server = await startWireServer(kept('a'), problem('producer-gap', { 'producer-expected-seq': '0' }))
  const publisher = open(server)
  await publisher.publish([1])
  await expect(publisher.publish([2])).rejects.toMatchObject({
    code: 'producer-gap',
    facts: { expectedSeq: 0 },
  })
  await expect(publisher.publish([3])).rejects.toMatchObject({ code: 'producer-gap' })
  expect(server.asked).toHaveLength(2)
})

test('attempts that are used up leave open what was kept: the publisher ends', async () => {
  const server = await startWireServer(cut)
  const publisher = open(server, { backoff: { maxAttempts: 0 } })
  await expect(publisher.publish([1])).rejects.toMatchObject({ code: 'connection-failed' })
  await expect(publisher.publish([2])).rejects.toMatchObject({ code: 'connection-failed' })
  expect(server.asked).toHaveLength(1)
})

test('an abort rejects what is not acknowledged and frees the connection', async () => {
  const server = await startWireServer()
  const abort = new AbortController()
  const publisher = open(server, { signal: abort.signal })
  const first = publisher.publish([1])
  const request = await server.request(1)
  const second = publisher.publish([2])
  abort.abort()
  await expect(first).rejects.toMatchObject({ code: 'publisher-stopped' })
  await expect(second).rejects.toMatchObject({ code: 'publisher-stopped' })
  await request.over
})

test('stop waits for what was given, and takes no more', async () => {
  const server = await startWireServer()
  const publisher = open(server)
  const first = publisher.publish([1])
  const stopped = publisher.stop()
  await expect(publisher.publish([2])).rejects.toMatchObject({ code: 'publisher-stopped' })
  server.answer(kept('a'))
  await stopped
  expect(await first).toMatchObject({ nextOffset: 'a' })
})
