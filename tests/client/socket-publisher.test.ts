import {
  RawJson,
  type SocketPublisherOptions,
  socketPublisher,
  TidingsSocket,
  webSocketReader,
} from '@tidings/client/ways'
import { type ProblemCode, problems } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { Hearing } from './support/hear.js'
import { ManualClock } from './support/manual-clock.js'
import { type Envelope, type SocketServer, startSocketServer, webSocket } from './support/socket-server.js'

const open = (server: SocketServer, options: SocketPublisherOptions = {}) =>
  socketPublisher({ server: server.url, channel: 'cake' }, { webSocket, producerId: 'p', ...options })

const kept = ({ id }: Envelope, nextOffset: string, duplicate = false) => ({
  type: 'published',
  id,
  channel: 'cake',
  nextOffset,
  duplicate,
})
const refused = ({ id }: Envelope, code: ProblemCode, facts: object = {}) => ({
  type: 'error',
  id,
  channel: 'cake',
  code,
  status: problems[code].status,
  detail: `${code}.`,
  ...facts,
})
const producer = (seq: number, epoch = 0) => ({ producer: { id: 'p', epoch, seq } })

test('publishes go out in order without waiting for each other, and each gets its own answer', async () => {
  const server = await startSocketServer()
  const publisher = open(server)
  const first = publisher.publish([1])
  const peer = await server.peer()
  peer.welcome()
  const one = await peer.next()
  const second = publisher.publish([2, [3]], { close: true })
  const two = await peer.next()
  expect(one).toMatchObject({ type: 'publish', channel: 'cake', messages: [1], ...producer(0) })
  expect(two).toMatchObject({ messages: [2, [3]], close: true, ...producer(1) })
  peer.send(kept(one, 'a'), kept(two, 'b'))
  expect(await first).toEqual({ nextOffset: 'a', duplicate: false })
  expect(await second).toEqual({ nextOffset: 'b', duplicate: false })
  await publisher.stop()
  expect(await peer.closed).toBe(1000)
})

test('what was not acknowledged when the socket broke is sent again, in order, with its numbers', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const publisher = open(server, { clock, random: () => 1 })
  const first = publisher.publish(['one'])
  const before = await server.peer()
  before.welcome()
  before.send(kept(await before.next(), 'a'))
  await first
  const second = publisher.publish(['two'])
  const third = publisher.publish(['three'])
  await before.next()
  await before.next()
  before.cut()

  await clock.pass(250)
  const after = await server.peer()
  after.welcome()
  const [two, three] = [await after.next(), await after.next()]
  expect([two, three]).toMatchObject([
    { messages: ['two'], ...producer(1) },
    { messages: ['three'], ...producer(2) },
  ])
  after.send(kept(two, 'b', true), kept(three, 'c'))
  expect(await second).toEqual({ nextOffset: 'b', duplicate: true })
  expect(await third).toEqual({ nextOffset: 'c', duplicate: false })
  await publisher.stop()
})

test('a refused publish frees its number: those behind it move up and are kept', async () => {
  const server = await startSocketServer()
  const publisher = open(server)
  const published = ['one', 'bad', 'three'].map((message) => publisher.publish([message]))
  const peer = await server.peer()
  peer.welcome()
  // All three were given before the socket stood: they go together, and apart once they are refused.
  const together = await peer.next()
  peer.send(refused(together, 'message-invalid'))
  const [one, bad, three] = [await peer.next(), await peer.next(), await peer.next()]
  peer.send(kept(one, 'a'), refused(bad, 'message-invalid'), refused(three, 'producer-gap'))
  const again = await peer.next()
  expect(again).toMatchObject({ messages: ['three'], ...producer(1) })
  peer.send(kept(again, 'b'))
  expect(await Promise.allSettled(published)).toMatchObject([
    { value: { nextOffset: 'a' } },
    { reason: { code: 'message-invalid' } },
    { value: { nextOffset: 'b' } },
  ])
  await publisher.stop()
})

test('a gap before the first that waits ends the publisher', async () => {
  const server = await startSocketServer()
  const publisher = open(server)
  const first = publisher.publish([1])
  const peer = await server.peer()
  peer.welcome()
  peer.send(refused(await peer.next(), 'producer-gap', { expectedSeq: 0 }))
  await expect(first).rejects.toMatchObject({ code: 'producer-gap', facts: { expectedSeq: 0 } })
  await expect(publisher.publish([2])).rejects.toMatchObject({ code: 'producer-gap' })
  await peer.closed
})

test('trouble that may pass is waited out, and everything from there on is sent again', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const publisher = open(server, { clock, random: () => 1 })
  const first = publisher.publish([1])
  const peer = await server.peer()
  peer.welcome()
  const one = await peer.next()
  const second = publisher.publish([2])
  const two = await peer.next()
  peer.send(refused(one, 'storage-unavailable'), refused(two, 'producer-gap'))
  await clock.pass(250)
  const [again, after] = [await peer.next(), await peer.next()]
  expect([again, after]).toMatchObject([producer(0), producer(1)])
  peer.send(kept(again, 'a'), kept(after, 'b'))
  expect(await Promise.all([first, second])).toMatchObject([{ nextOffset: 'a' }, { nextOffset: 'b' }])
  await publisher.stop()
})

test('a newer producer ends this one, unless it may claim', async () => {
  const server = await startSocketServer()
  const publisher = open(server, { autoClaim: true })
  const first = publisher.publish([1])
  const peer = await server.peer()
  peer.welcome()
  peer.send(refused(await peer.next(), 'producer-stale', { currentEpoch: 5 }))
  const again = await peer.next()
  expect(again).toMatchObject(producer(0, 6))
  peer.send(kept(again, 'a'))
  await first
  await publisher.stop()
})

test('text, bytes and raw JSON are what they are in the envelope', async () => {
  const server = await startSocketServer()
  const socket = new TidingsSocket(server.url, { webSocket })
  const text = open(server, { socket, contentType: 'text/plain' })
  const bytes = open(server, { socket, contentType: 'image/png' })
  const json = open(server, { socket })
  const published = [
    text.publish(['a "b"', 'c']),
    bytes.publish([Uint8Array.of(1, 2, 3)]),
    json.publish([new RawJson('{"b":1,"a":1.0}')]),
  ]
  const peer = await server.peer()
  peer.welcome()
  const envelopes = [await peer.next(), await peer.next(), await peer.next()]
  expect(envelopes).toMatchObject([
    { messages: ['a "b"', 'c'] },
    { messages: ['AQID'], encoding: 'base64' },
    { messages: [{ b: 1, a: 1 }] },
  ])
  peer.send(...envelopes.map((envelope) => kept(envelope, 'z')))
  await Promise.all(published)
  await Promise.all([text.stop(), bytes.stop(), json.stop()])
  expect(await peer.closed).toBe(1000)
})

test('one socket publishes and hears', async () => {
  const server = await startSocketServer()
  const socket = new TidingsSocket(server.url, { webSocket })
  const publisher = open(server, { socket })
  const address = { server: server.url, channel: 'cake' }
  const hearing = new Hearing(webSocketReader.open(address, 'now', { socket, kind: 'json' }))
  const next = hearing.next()
  const published = publisher.publish(['more cake'])
  const peer = await server.peer()
  peer.welcome()
  const [subscribe, publish] = [await peer.next(), await peer.next()]
  expect(subscribe).toMatchObject({ type: 'subscribe', offset: 'now' })
  const data = { type: 'data', channel: 'cake', messages: ['more cake'], nextOffset: 'a', upToDate: true }
  peer.send(kept(publish, 'a'), data)
  await published
  expect((await next).messages).toEqual(['more cake'])
  await hearing.leave()
  await publisher.stop()
})

test('an abort rejects what is not acknowledged and closes the socket', async () => {
  const server = await startSocketServer()
  const abort = new AbortController()
  const publisher = open(server, { signal: abort.signal })
  const first = publisher.publish([1])
  const peer = await server.peer()
  peer.welcome()
  await peer.next()
  abort.abort()
  await expect(first).rejects.toMatchObject({ code: 'publisher-stopped' })
  expect(await peer.closed).toBe(1000)
})

test('a server that can not be reached in the end fails what waits', async () => {
  const clock = new ManualClock()
  const publisher = socketPublisher(
    { server: 'http://127.0.0.1:9', channel: 'cake' },
    { webSocket, clock, random: () => 1, backoff: { maxAttempts: 1 } },
  )
  const first = publisher.publish([1])
  await Promise.all([clock.pass(250), expect(first).rejects.toMatchObject({ code: 'connection-failed' })])
})
