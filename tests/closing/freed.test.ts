import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { read } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawEventStream, RawWebSocket, rawConnection } from '../support/raw-client.js'
import { standingDisk } from '../support/standing-disk.js'
import { isListening, statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearUntil, onNode } from '../support/ways.js'

describe('everything is free at once when a client drops', () => {
  test('a held long poll', async () => {
    const server = await startTestServer()
    const { channel } = await createTestChannel(server)
    const connection = await rawConnection(server.url)
    connection.write(`GET /v1/stream/${channel}?offset=-1&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await statsOf(server).until(({ heldPolls, listeners }) => heldPolls === 1 && listeners === 1)
    connection.destroy()
    await statsOf(server).untilAllIsFree()
  })

  test('an event stream', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const stream = await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))
    await statsOf(server).until(({ openStreams, listeners }) => openStreams === 1 && listeners === 1)
    stream.drop()
    await statsOf(server).untilAllIsFree()
  })

  for (const live of ['long-poll', 'sse']) {
    test(`live=${live}, asked behind a write that was not answered yet`, async () => {
      const server = await startTestServer()
      const disk = standingDisk()
      const { channel } = await createTestChannel(server)
      const connection = await rawConnection(server.url)
      disk.stand()
      connection.write(
        `POST /v1/stream/${channel} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
          `Content-Length: 1\r\n\r\n1GET /v1/stream/${channel}?offset=now&live=${live} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      )
      await statsOf(server).until(({ ways }) => ways.publish.connectionsOpen === 1)
      connection.destroy()
      await statsOf(server).until(({ ways }) => ways.publish.connectionsOpen === 0)
      disk.goOn()
      // What was asked behind it has had its turn when this is answered.
      await createTestChannel(server, { channel: 'tea' })
      await statsOf(server).untilAllIsFree()
    })
  }

  test('a plain WebSocket', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const { socket } = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    await statsOf(server).until(({ openStreams, listeners }) => openStreams === 1 && listeners === 1)
    socket.terminate()
    await statsOf(server).untilAllIsFree()
  })

  test('a socket of tidings.v1 that hears several channels', async () => {
    const server = await startTestServer()
    const raw = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
    for (const channel of ['cake', 'tea', 'milk']) {
      await createTestChannel(server, { channel })
      raw.send({ type: 'subscribe', channel, offset: '-1' })
    }
    await statsOf(server).until(({ openStreams, listeners }) => openStreams === 1 && listeners === 3)
    raw.socket.terminate()
    await statsOf(server).untilAllIsFree()
  })

  test('a reader of each way that has never read what it was sent', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    await channel.publish(...Array.from({ length: 200 }, () => 'x'.repeat(30_000)))
    const stream = await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))
    const plain = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }))
    plain.socket.pause()
    const poll = await rawConnection(server.url)
    poll.pause()
    poll.write(
      `GET /v1/stream/${channel.channel}?offset=-1&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    )
    await statsOf(server).until(
      ({ ways, openStreams }) => openStreams === 2 && ways['long-poll'].requests === 1,
    )
    stream.drop()
    plain.socket.terminate()
    poll.destroy()
    await statsOf(server).untilAllIsFree()
  })
})

test('a connection that is kept for many requests gathers nothing on the server', async () => {
  const warnings: string[] = []
  const hear = (warning: Error) => warnings.push(warning.message)
  process.on('warning', hear)
  onTestFinished(() => {
    process.off('warning', hear)
  })
  const server = await startTestServer()
  await createTestChannel(server)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const connections = new Set<unknown>()
  for (let count = 0; count < 30; count++) {
    const path = count % 2 === 0 ? '/v1/stats' : '/v1/stream/cake'
    const [response] = (await once(get(server.url + path, { agent }), 'response')) as [IncomingMessage]
    connections.add(response.socket)
    await once(response.resume(), 'end')
  }
  expect(connections.size).toBe(1)
  const ahead = await rawConnection(server.url)
  ahead.write('GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(100))
  await statsOf(server).until(({ ways }) => ways.other.requests > 100)
  // Node warns of an emitter that gathers more than ten listeners of a kind.
  expect(warnings).toEqual([])
})

describe('a reader of the client frees everything on the server', () => {
  for (const way of ways) {
    test(`when its loop is left, over ${way}`, async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      await channel.publish('one')
      const heard = await hearUntil(channel, { way }, (batches) => batches.some(({ upToDate }) => upToDate))
      expect(heard.flatMap(({ messages }) => messages)).toEqual(['one'])
      await statsOf(server).untilAllIsFree()
    })

    test(`when it is aborted while it waits for news, over ${way}`, async () => {
      const server = await startTestServer()
      const channel = await createTestChannel(server)
      const leave = new AbortController()
      const reading = (async () => {
        for await (const batch of read(channel, { way, signal: leave.signal, ...onNode }))
          expect(batch.messages).toEqual([])
      })()
      await statsOf(server).until(isListening[way])
      leave.abort()
      await reading
      await statsOf(server).untilAllIsFree()
    })
  }
})
