import { closeChannel, postPublisher, read, socketPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearAll, hearUntil, onNode } from '../support/ways.js'

describe('a closed channel ends the reading', () => {
  for (const way of ways) {
    test(`of who listens over ${way} while it is closed with a last message`, async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      await channel.publish('first')
      const reading = read(channel, { way, intervalMs: 10, ...onNode })[Symbol.asyncIterator]()
      expect((await reading.next()).value).toMatchObject({ messages: ['first'] })
      const { nextOffset } = await postPublisher(channel).publish(['last'], { close: true })

      const heard = []
      for (let step = await reading.next(); !step.done; step = await reading.next()) heard.push(step.value)
      expect(heard.flatMap(({ messages }) => messages)).toEqual(['last'])
      expect(heard.at(-1)).toMatchObject({ nextOffset, closed: true, upToDate: true })
      await statsOf(server).untilNothingIsHeld()
    })

    test(`of who listens over ${way} while it is closed without a message`, async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      const hearing = hearAll(channel, { way })
      await statsOf(server).until(isListening[way])
      await closeChannel(channel)
      const heard = await hearing
      expect(heard.flatMap(({ messages }) => messages)).toEqual([])
      expect(heard.at(-1)).toMatchObject({ closed: true, upToDate: true })
      await statsOf(server).untilNothingIsHeld()
    })

    test(`of who comes over ${way} when it is closed already, at its beginning or at its end`, async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      await channel.publish('a', 'b')
      const { nextOffset } = await closeChannel(channel)
      const all = await hearAll(channel, { way })
      expect(all.flatMap(({ messages }) => messages)).toEqual(['a', 'b'])
      expect(all.at(-1)).toMatchObject({ nextOffset, closed: true })
      for (const offset of [nextOffset, 'now']) {
        const heard = await hearAll(channel, { way, offset })
        expect(heard.flatMap(({ messages }) => messages)).toEqual([])
        expect(heard.at(-1)).toMatchObject({ nextOffset, closed: true })
      }
      await statsOf(server).untilNothingIsHeld()
    })
  }
})

describe('a reader that is backed up at the tail while the channel is closed without a message', () => {
  const mebibyte = 1024 ** 2
  /** More than the sockets of both ends take of it. */
  const large = 'x'.repeat(24 * mebibyte)
  const limits = { maxMessageBytes: 32 * mebibyte, maxBodyBytes: 32 * mebibyte }

  test('is told on an event stream when it reads on', async () => {
    const server = await startTestServer(limits)
    const channel = await createTestChannel(server)
    const stream = await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))
    await statsOf(server).until(({ listeners }) => listeners === 1)
    await channel.publish(large)
    await closeChannel(channel)
    stream.read()
    await stream.ended
    expect(stream.text.slice(-100)).toMatch(/"upToDate":true,"streamClosed":true\}\n\n$/)
  })

  test('is told on a socket of tidings.v1 when it reads on', async () => {
    const server = await startTestServer(limits)
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }), 'tidings.v1')
    await statsOf(server).until(({ listeners }) => listeners === 1)
    raw.socket.pause()
    await channel.publish(large)
    const { nextOffset } = await closeChannel(channel)
    raw.socket.resume()
    expect(await raw.envelope('closed')).toEqual({ type: 'closed', channel: 'cake', nextOffset })
  })
})

describe('a plain EventSource', () => {
  test('hears the end of a closed channel, and the stream ends', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const stream = (await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))).read()
    await stream.has(/"upToDate":true/)
    const { nextOffset } = await postPublisher(channel).publish(['last'], { close: true })
    await stream.ended
    expect(stream.text).toContain(`id:${nextOffset}\nevent: data\ndata:["last"]\n\n`)
    expect(stream.text).toMatch(
      /event: control\ndata:\{"streamNextOffset":"[\d_]+","upToDate":true,"streamClosed":true,"committedAt":\d+\}\n\n$/,
    )
    await statsOf(server).untilNothingIsHeld()
  })

  test('that comes back with the last id of a closed channel is answered 204, which makes it stop', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const [first, last] = [await channel.publish('first'), await channel.publish('last')]
    await closeChannel(channel)
    const url = channel.reading({ offset: '-1', live: 'sse' })
    expect((await fetch(url, { headers: { 'last-event-id': last } })).status).toBe(204)

    // One that has not heard the end is told the rest, and then comes back for the 204.
    const rest = await fetch(url, { headers: { 'last-event-id': first } })
    expect(rest.status).toBe(200)
    const text = await rest.text()
    expect(text).toContain('data:["last"]')
    expect(text).not.toContain('first')
    // And one that begins there, without having come back, hears that it is closed.
    expect(await (await fetch(channel.reading({ offset: last, live: 'sse' }))).text()).toContain(
      '"streamClosed":true',
    )
  })
})

describe('a WebSocket', () => {
  test('in plain mode is closed by the server when its channel is closed, after the last message', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }))
    await postPublisher(channel).publish(['last'], { close: true })
    expect(await raw.closed).toEqual({ code: 1000, reason: 'channel-closed' })
    expect(raw.messages).toEqual(['"last"'])
    await statsOf(server).untilNothingIsHeld()
  })

  test('of tidings.v1 is told which channel was closed, and goes on with its others', async () => {
    const server = await startTestServer()
    const cake = await createTestChannel(server, { channel: 'cake' })
    const tea = await createTestChannel(server, { channel: 'tea' })
    const raw = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    raw.send({ type: 'subscribe', channel: 'cake', offset: '-1' })
    raw.send({ type: 'subscribe', channel: 'tea', offset: '-1' })
    await statsOf(server).until(({ listeners }) => listeners === 2)
    const { nextOffset } = await postPublisher(cake).publish(['last'], { close: true })
    expect(await raw.envelope('closed')).toEqual({ type: 'closed', channel: 'cake', nextOffset })
    await tea.publish('hot')
    await raw.has(6)
    const data = raw.messages.map((text) => JSON.parse(text)).filter(({ messages }) => messages?.length > 0)
    expect(data).toMatchObject([
      { channel: 'cake', messages: ['last'], nextOffset },
      { channel: 'tea', messages: ['hot'] },
    ])
    await statsOf(server).until(({ listeners }) => listeners === 1)
  })

  test('that publishes the last message itself hears it, and the answer', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const heard = hearUntil(channel, { way: 'websocket' }, () => false)
    const publisher = socketPublisher(channel, onNode)
    const { nextOffset } = await publisher.publish(['last'], { close: true })
    expect((await heard).at(-1)).toMatchObject({ nextOffset, closed: true })
    await publisher.stop()
    await statsOf(server).untilNothingIsHeld()
  })
})

test('the end of a closed channel is told once, with its last messages, over SSE and tidings.v1', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  await channel.publish('one')
  await closeChannel(channel)
  const stream = (await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))).read()
  await stream.ended
  expect(stream.text.match(/streamClosed/g)).toHaveLength(1)
  const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  socket.send({ type: 'subscribe', channel: channel.channel, offset: '-1' })
  await socket.envelope('closed')
  socket.send({ type: 'ping' })
  await socket.envelope('pong')
  expect(socket.messages.filter((text) => text.includes('"closed"'))).toHaveLength(1)
})

test.each([
  ['a body that is no message', { 'content-type': 'application/json' }],
  ['another content type', { 'content-type': 'text/plain' }],
])('an append of %s is told first that the channel is closed, and where it ends', async (_, headers) => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const { nextOffset } = await postPublisher(channel).publish(['last'], { close: true })
  const answer = await fetch(channel.url, { method: 'POST', headers, body: '{' })
  expect(answer.status).toBe(409)
  expect(answer.headers.get('stream-closed')).toBe('true')
  expect(answer.headers.get('stream-next-offset')).toBe(nextOffset)
  expect(await answer.json()).toMatchObject({ code: 'channel-closed' })
})
