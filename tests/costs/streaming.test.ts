import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { CountingProxy } from '../support/counting-proxy.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { expectEqualCosts } from './equal-costs.js'

const messages = ['"one"', '"two ü"', '{"three":3}']
const payloadBytes = Buffer.byteLength(messages.join(''))

test('what an event stream costs is counted to the byte while it is open, and when it is over', async () => {
  const server = await startTestServer({ heartbeatMs: 100 })
  const channel = await createTestChannel(server)
  await channel.publish('one')
  const proxy = await CountingProxy.before(server)
  const url = `${proxy.url}/v1/stream/cake?offset=-1&live=sse`
  const stream = (await RawEventStream.open(url)).read()
  await stream.has(/"upToDate":true/)
  await channel.publish('two ü')
  await channel.publish({ three: 3 })
  await stream.has(/\{"three":3\}[\s\S]*\n:\n\n/)
  const counts = { requests: 1, emptyAnswers: 0, connectionsOpened: 1, payloadBytes }
  await expectEqualCosts(server, 'sse', proxy, counts)
  stream.drop()
  await statsOf(server).untilAllIsFree()
  await expectEqualCosts(server, 'sse', proxy, counts)
})

test('what an EventSource costs that comes back to a closed channel is one request and one empty answer', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const last = await channel.publish('one')
  await fetch(channel.url, { method: 'POST', headers: { 'stream-closed': 'true' } })
  const proxy = await CountingProxy.before(server)
  const headers = { 'last-event-id': last, connection: 'close' }
  const { response } = await RawEventStream.open(`${proxy.url}/v1/stream/cake?offset=-1&live=sse`, headers)
  expect(response.statusCode).toBe(204)
  await once(response.resume(), 'end')
  const counts = { requests: 1, emptyAnswers: 1, connectionsOpened: 1, payloadBytes: 0 }
  await expectEqualCosts(server, 'sse', proxy, counts)
})

test('what a plain WebSocket costs is counted to the byte: handshake, frames both ways, pings and the close', async () => {
  const server = await startTestServer({ heartbeatMs: 100 })
  await createTestChannel(server)
  const proxy = await CountingProxy.before(server)
  const raw = await RawWebSocket.open(`${proxy.url}/v1/stream/cake?offset=-1&live=websocket`)
  const pinged = once(raw.socket, 'ping')
  for (const message of messages) raw.send(message)
  await raw.has(messages.length)
  await pinged
  raw.socket.close(1000)
  await raw.closed
  const counts = { requests: 1, emptyAnswers: 0, connectionsOpened: 1, payloadBytes }
  await expectEqualCosts(server, 'websocket', proxy, counts)
})

test('what a socket of tidings.v1 costs is counted to the byte while it is open', async () => {
  const server = await startTestServer()
  await createTestChannel(server, { channel: 'cake' })
  await createTestChannel(server, { channel: 'tea' })
  const proxy = await CountingProxy.before(server)
  const raw = await RawWebSocket.open(`${proxy.url}/v1/socket`, 'tidings.v1')
  raw.send({ type: 'subscribe', channel: 'cake', offset: '-1' })
  raw.send({ type: 'subscribe', channel: 'tea', offset: '-1' })
  await statsOf(server).until(({ listeners }) => listeners === 2)
  messages.forEach((message, index) => {
    const channel = index === 0 ? 'tea' : 'cake'
    raw.send(`{"type":"publish","id":${index},"channel":"${channel}","messages":[${message}]}`)
  })
  const isAnswered = () =>
    raw.messages.filter((text) => text.includes('"published"')).length === messages.length
  for (let count = 1; !isAnswered(); count++) await raw.has(count)
  raw.send({ type: 'ping' })
  await raw.envelope('pong')
  const counts = { requests: 1, emptyAnswers: 0, connectionsOpened: 1, payloadBytes }
  await expectEqualCosts(server, 'websocket', proxy, counts)
})
