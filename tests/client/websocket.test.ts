import { TidingsSocket, type WebSocketOptions, webSocketReader } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { all, Hearing, messagesOf, rawOf } from './support/hear.js'
import { ManualClock } from './support/manual-clock.js'
import { type SocketServer, startSocketServer, webSocket } from './support/socket-server.js'
import { bare, problem } from './support/wire-server.js'

const open = (server: SocketServer, offset: string, options: WebSocketOptions = {}) =>
  webSocketReader.open({ server: server.url, channel: 'cake' }, offset, {
    kind: 'json',
    webSocket,
    ...options,
  })

const data = (messages: unknown[], nextOffset: string, more: object = {}) => ({
  type: 'data',
  channel: 'cake',
  messages,
  nextOffset,
  upToDate: true,
  ...more,
})
const closedAt = (nextOffset: string) => ({ type: 'closed', channel: 'cake', nextOffset })

test('a subscription hears batches with when they were kept, until the channel is closed', async () => {
  const server = await startSocketServer()
  const heard = all(open(server, '-1'))
  const peer = await server.peer()
  peer.welcome()
  expect(await peer.next()).toEqual({ type: 'subscribe', channel: 'cake', offset: '-1' })
  peer.send(
    data([1, 2], 'a', { committedAt: 1_764_000_000_000, upToDate: false }),
    data([3], 'b', { committedAt: 1_764_000_000_001 }),
    closedAt('b'),
  )
  expect(await heard).toMatchObject([
    { messages: [1, 2], nextOffset: 'a', upToDate: false, committedAtMs: 1_764_000_000_000 },
    { messages: [3], nextOffset: 'b', upToDate: true, committedAtMs: 1_764_000_000_001 },
    { messages: [], nextOffset: 'b', closed: true },
  ])
  expect(await peer.closed).toBe(1000)
})

test('JSON arrives byte for byte', async () => {
  const server = await startSocketServer()
  const heard = all(open(server, '-1'))
  const peer = await server.peer()
  peer.welcome()
  const envelope = '"channel":"cake","nextOffset":"a","upToDate":true'
  peer.send(`{"type":"data","messages":[9007199254740993, {"b":1,"a":1.0}],${envelope}}`, closedAt('a'))
  expect(rawOf(await heard)).toEqual(['9007199254740993', '{"b":1,"a":1.0}'])
})

test('text comes message by message, and so do bytes', async () => {
  const server = await startSocketServer()
  server.answer(bare(200, { 'content-type': 'text/plain', 'stream-next-offset': 'a' }))
  const heard = all(open(server, '-1', { kind: undefined }))
  const peer = await server.peer()
  peer.welcome()
  peer.send(data(['one', 'two'], 'a'), data(['AQID', '/w=='], 'b', { encoding: 'base64' }), closedAt('b'))
  expect(messagesOf(await heard)).toEqual(['one', 'two', Uint8Array.of(1, 2, 3), Uint8Array.of(255)])
  expect(server.asked).toEqual(['HEAD /v1/stream/cake'])
})

test('after a cut the subscription goes on from the last batch', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const heard = all(open(server, '-1', { clock, random: () => 1 }))
  const first = await server.peer()
  first.welcome()
  await first.next()
  first.send(data([1], 'a'))
  first.cut()
  await clock.pass(250)
  const second = await server.peer()
  second.welcome()
  expect(await second.next()).toMatchObject({ type: 'subscribe', offset: 'a' })
  second.send(data([2], 'b'), closedAt('b'))
  expect(messagesOf(await heard)).toEqual([1, 2])
})

test('a server that says goaway is not asked before the time that it gave', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const hearing = new Hearing(open(server, '-1', { clock, random: () => 0 }))
  const next = hearing.next()
  const first = await server.peer()
  first.welcome()
  first.send({ type: 'goaway', retryAfterMs: 1_200 })
  first.close(1001)
  await clock.pass(1_200)
  const second = await server.peer()
  second.welcome()
  second.send(data([1], 'a'))
  expect((await next).messages).toEqual([1])
  await hearing.leave()
})

test('silence is asked about, and twice as much of it is a dead connection', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const hearing = new Hearing(open(server, '-1', { clock, random: () => 0 }))
  const next = hearing.next()
  const first = await server.peer()
  first.welcome(1_000)
  await first.next()
  clock.advance(1_000)
  expect(await first.next()).toEqual({ type: 'ping' })
  first.send({ type: 'pong' }, data([1], 'a'))
  expect((await next).messages).toEqual([1])

  const after = hearing.next()
  clock.advance(1_999)
  expect(await first.next()).toEqual({ type: 'ping' })
  clock.advance(1)
  expect(await first.closed).toBe(1006)
  const second = await server.peer()
  second.welcome()
  second.send(data([2], 'b'))
  expect((await after).messages).toEqual([2])
  await hearing.leave()
})

test('a server that upgrades and never welcomes counts as dead', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const abort = new AbortController()
  const heard = all(open(server, '-1', { clock, random: () => 0, signal: abort.signal }))
  const first = await server.peer()
  clock.advance(10_000)
  await first.closed
  const second = await server.peer()
  abort.abort()
  expect(await heard).toEqual([])
  await second.closed
})

test('an upgrade that was refused is explained by a plain request, and ends the reading', async () => {
  const server = await startSocketServer()
  server.refuseUpgrade(403)
  server.answer(problem('origin-refused'))
  await expect(all(open(server, '-1'))).rejects.toMatchObject({ code: 'origin-refused', status: 403 })
  expect(server.asked).toEqual(['GET /v1/socket'])
})

test('an upgrade that only the network refuses is tried again', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  server.refuseUpgrade(502)
  server.answer(problem('upgrade-required'))
  const heard = all(open(server, '-1', { clock, random: () => 1 }))
  await clock.pass(250)
  const peer = await server.peer()
  peer.welcome()
  peer.send(closedAt('a'))
  expect(await heard).toMatchObject([{ closed: true }])
})

test('a refused subscription ends the reading with its code and facts', async () => {
  const server = await startSocketServer()
  const heard = all(open(server, 'old'))
  const peer = await server.peer()
  peer.welcome()
  const facts = { earliestOffset: 'e', nextOffset: 'n' }
  peer.send({ type: 'error', channel: 'cake', code: 'history-changed', status: 410, detail: '.', ...facts })
  await expect(heard).rejects.toMatchObject({ code: 'history-changed', status: 410, facts })
  expect(await peer.closed).toBe(1000)
})

test('a refusal that may pass is waited out on the same socket', async () => {
  const clock = new ManualClock()
  const server = await startSocketServer()
  const heard = all(open(server, 'a', { clock, random: () => 1 }))
  const peer = await server.peer()
  peer.welcome()
  await peer.next()
  peer.send({ type: 'error', channel: 'cake', code: 'storage-unavailable', status: 503, detail: 'Later.' })
  await clock.pass(250)
  expect(await peer.next()).toMatchObject({ type: 'subscribe', offset: 'a' })
  peer.send(closedAt('a'))
  await heard
})

test('a channel that is deleted ends the reading after what waits', async () => {
  const server = await startSocketServer()
  const hearing = new Hearing(open(server, '-1'))
  const next = hearing.next()
  const peer = await server.peer()
  peer.welcome()
  peer.send(data([1], 'a'), { type: 'deleted', channel: 'cake' })
  expect((await next).messages).toEqual([1])
  await expect(hearing.next()).rejects.toMatchObject({ code: 'channel-unknown', status: 404 })
})

test('a consumer that is slow leaves the channel, and comes back for what it missed', async () => {
  const server = await startSocketServer()
  const hearing = new Hearing(open(server, '-1', { maxQueuedLength: 40 }))
  const next = hearing.next()
  const peer = await server.peer()
  peer.welcome()
  await peer.next()
  peer.send(data(['first'], 'a'))
  expect((await next).messages).toEqual(['first'])

  const large = 'x'.repeat(15)
  peer.send(data([large], 'b'), data([large], 'c'), data([large], 'd'), data(['late'], 'e'))
  expect(await peer.next()).toEqual({ type: 'unsubscribe', channel: 'cake' })
  peer.send(data(['later'], 'f'), { type: 'unsubscribed', channel: 'cake' })
  expect((await hearing.next()).nextOffset).toBe('b')
  expect(await peer.next()).toEqual({ type: 'subscribe', channel: 'cake', offset: 'c' })
  peer.send(data([large], 'd'), closedAt('d'))
  expect((await hearing.next()).nextOffset).toBe('c')
  expect((await hearing.next()).nextOffset).toBe('d')
  expect(await hearing.next()).toMatchObject({ closed: true })
})

test('readers share a socket, each with its own channel', async () => {
  const server = await startSocketServer()
  const socket = new TidingsSocket(server.url, { webSocket })
  const other = { server: server.url, channel: 'tea' }
  const cake = new Hearing(open(server, '-1', { socket }))
  const tea = new Hearing(webSocketReader.open(other, 'now', { socket, kind: 'json' }))
  const [nextCake, nextTea] = [cake.next(), tea.next()]
  const peer = await server.peer()
  peer.welcome()
  expect([await peer.next(), await peer.next()]).toMatchObject([{ channel: 'cake' }, { channel: 'tea' }])
  await expect(new Hearing(open(server, '-1', { socket })).next()).rejects.toMatchObject({
    code: 'subscription-exists',
  })
  peer.send({ ...data([1], 'a'), channel: 'tea' }, data([2], 'b'))
  expect([(await nextCake).messages, (await nextTea).messages]).toEqual([[2], [1]])

  await cake.leave()
  expect(await peer.next()).toEqual({ type: 'unsubscribe', channel: 'cake' })
  await tea.leave()
  expect(await peer.closed).toBe(1000)
})

test('who comes back to a channel on the same socket hears nothing that was meant for who left', async () => {
  const server = await startSocketServer()
  const socket = new TidingsSocket(server.url, { webSocket })
  const other = new Hearing(
    webSocketReader.open({ server: server.url, channel: 'tea' }, 'now', { socket, kind: 'json' }),
  )
  const stays = other.next()
  const first = new Hearing(open(server, '-1', { socket }))
  const heard = first.next()
  const peer = await server.peer()
  peer.welcome()
  peer.send(data([1], 'a'))
  await heard
  await first.leave()

  const second = new Hearing(open(server, 'a', { socket }))
  const next = second.next()
  for (const type of ['subscribe', 'subscribe', 'unsubscribe', 'subscribe']) {
    expect((await peer.next()).type).toBe(type)
  }
  peer.send(data([7], 'x'), { type: 'unsubscribed', channel: 'cake' }, data([2], 'b'))
  expect((await next).messages).toEqual([2])
  await Promise.all([second.leave(), other.leave(), expect(stays).rejects.toThrow('ended')])
})

test('an abort while the consumer is busy closes the socket at once', async () => {
  const server = await startSocketServer()
  const abort = new AbortController()
  const hearing = new Hearing(open(server, '-1', { signal: abort.signal }))
  const next = hearing.next()
  const peer = await server.peer()
  peer.welcome()
  peer.send(data([1], 'a'), data([2], 'b'))
  await next
  abort.abort()
  expect(await peer.closed).toBe(1000)
  expect(await hearing.hasEnded()).toBe(true)
})

test('an abort while it is asked what the channel carries ends the reading', async () => {
  const server = await startSocketServer()
  const abort = new AbortController()
  server.answer(() => abort.abort())
  const heard = all(open(server, '-1', { kind: undefined, signal: abort.signal }))
  const peer = await server.peer()
  peer.welcome()
  peer.send(data(['one'], 'a'))
  expect(await heard).toEqual([])
  expect(server.asked).toEqual(['HEAD /v1/stream/cake'])
})

test('an abort before the socket stands ends the reading', async () => {
  const server = await startSocketServer()
  const abort = new AbortController()
  const heard = all(open(server, '-1', { signal: abort.signal }))
  abort.abort()
  expect(await heard).toEqual([])
})

test.each(['{"type":"data"}', '[]', 'hello', '{"no":"type"}'])(
  'a frame that is no envelope ends the reading: %s',
  async (frame) => {
    const server = await startSocketServer()
    const heard = all(open(server, '-1'))
    const peer = await server.peer()
    peer.welcome()
    peer.send(frame)
    await expect(heard).rejects.toMatchObject({ code: 'answer-malformed' })
    await peer.closed
  },
)

test('envelopes of a later version are passed over', async () => {
  const server = await startSocketServer()
  const heard = all(open(server, '-1'))
  const peer = await server.peer()
  peer.welcome()
  peer.send({ type: 'weather', channel: 'cake' }, { type: 'weather' }, closedAt('a'))
  expect(await heard).toMatchObject([{ closed: true }])
})

test('a runtime without WebSocket is told what to do', async () => {
  const server = await startSocketServer()
  await expect(all(open(server, '-1', { webSocket: undefined }))).rejects.toMatchObject({
    code: 'websocket-missing',
  })
})

test('a runtime that refuses the socket by itself ends the reading', async () => {
  const refuses = class {
    constructor() {
      throw new DOMException('insecure', 'SecurityError')
    }
  } as unknown as typeof webSocket
  const server = await startSocketServer()
  await expect(all(open(server, '-1', { webSocket: refuses }))).rejects.toMatchObject({
    code: 'connection-failed',
    isTransient: false,
  })
})
