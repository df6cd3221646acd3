import { once } from 'node:events'
import { ProblemError, socketPublisher } from '@tidings/client/ways'
import { type RunningServer, startServer } from 'tidings'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { HttpServer } from '../../packages/server/src/http/index.js'
import { createTestChannel } from '../support/channel.js'
import { RawEventStream, RawWebSocket, rawConnection } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { onNode } from '../support/ways.js'

test('held polls are answered with the position that they have', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const last = await channel.publish('one')
  const answer = fetch(channel.reading({ offset: last, live: 'long-poll' }))
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  await server.close()
  expect((await answer).status).toBe(204)
  expect((await answer).headers.get('stream-next-offset')).toBe(last)
})

test('event streams are told when to come back, and end', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const stream = (await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))).read()
  await stream.has(/"upToDate":true/)
  await server.close()
  await stream.ended
  const retryMs = Number(/retry:(\d+)\n\n$/.exec(stream.text)?.[1])
  expect(retryMs).toBeGreaterThanOrEqual(0)
  expect(retryMs).toBeLessThanOrEqual(2_000)
})

test('a socket of tidings.v1 hears goaway, and both kinds are closed with 1001', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const plain = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
  const envelopes = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  await envelopes.envelope('welcome')
  await server.close()
  expect(await plain.closed).toEqual({ code: 1001, reason: 'server-stopping' })
  expect(await envelopes.closed).toEqual({ code: 1001, reason: 'server-stopping' })
  expect((await envelopes.envelope('goaway')).retryAfterMs).toEqual(expect.any(Number))
})

test('what was published before the stop is acknowledged and kept; nothing that was acknowledged is lost', async () => {
  const folder = await temporaryFolder()
  const server = await startServer({ port: 0, data: folder })
  onTestFinished(() => server.close())
  const channel = await createTestChannel(server)
  const acknowledged: number[] = []
  const stop = new AbortController()
  const publishers = [0, 1, 2, 3].map((publisher) => publish(server, publisher, acknowledged, stop.signal))
  const plain = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }))
  await plain.has(40)
  await server.close()
  stop.abort()
  await Promise.all(publishers)

  const again = await startTestServer({ engine: 'disk', data: folder })
  const kept = (await (await fetch(`${again.url}/v1/stream/${channel.channel}`)).json()) as number[]
  expect(new Set(kept).size).toBe(kept.length)
  expect(acknowledged.filter((message) => !kept.includes(message))).toEqual([])
  // A reader at the tail heard it without a gap, until it was sent away.
  expect(plain.messages.map(Number)).toEqual(kept.slice(0, plain.messages.length))
})

/** Publishes one number after the other until the server goes. */
async function publish(
  server: RunningServer,
  publisher: number,
  acknowledged: number[],
  signal: AbortSignal,
): Promise<void> {
  const socket = socketPublisher({ server: server.url, channel: 'cake' }, { ...onNode, signal })
  for (let count = 0; !signal.aborted; count++) {
    const message = publisher * 1_000_000 + count
    try {
      await socket.publish([message])
      acknowledged.push(message)
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'publisher-stopped') throw error
    }
  }
}

describe('nobody is waited for', () => {
  /** Whether the server lost its patience, and cut what it still waited for. */
  function watchCuts() {
    const cut = vi.spyOn(HttpServer.prototype, 'cutConnections')
    onTestFinished(() => cut.mockRestore())
    return cut
  }

  test('whose stream has ended, though its connection was to be kept', async () => {
    const cuts = watchCuts()
    const server = await startTestServer()
    const { channel } = await createTestChannel(server)
    const connection = await rawConnection(server.url)
    let answer = ''
    connection.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    connection.write(`GET /v1/stream/${channel}?offset=-1&live=sse HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await statsOf(server).until(({ listeners }) => listeners === 1)
    const closed = once(connection, 'close')
    await server.close()
    await closed
    expect(answer).toMatch(/Connection: keep-alive\r\n/i)
    expect(answer).toMatch(/retry:\d+\n\n\r\n0\r\n\r\n$/)
    expect(cuts).not.toHaveBeenCalled()
  })

  test('who has connected and asked nothing, as browsers do in advance', async () => {
    const cuts = watchCuts()
    const server = await startTestServer()
    const connection = await rawConnection(server.url)
    await statsOf(server).now()
    const closed = once(connection, 'close')
    await server.close()
    await closed
    expect(cuts).not.toHaveBeenCalled()
  })
})

test('a poller that asks again on its connection while the server stops does not hold it up', async () => {
  const server = await startTestServer({ longPollMs: 55_000 })
  const { channel } = await createTestChannel(server)
  const poll = `GET /v1/stream/${channel}?offset=-1&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const connection = await rawConnection(server.url)
  let answers = ''
  connection.on('data', (chunk: Buffer) => {
    answers += chunk.toString()
    connection.write(poll)
  })
  connection.write(poll)
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  const stopped = server.close()
  await once(connection, 'close')
  await stopped
  // Told in the answer that it is the last one: no request is asked in vain.
  expect(answers).toMatch(/^HTTP\/1\.1 204 [\s\S]*\r\nConnection: close\r\n/i)
  expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('an upgrade that comes while the server stops is refused, and does not keep it from stopping', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  const held = await rawConnection(server.url)
  const latecomer = await rawConnection(server.url)
  let answer = ''
  latecomer.on('data', (chunk: Buffer) => {
    answer += chunk.toString()
  })
  // A request that is under way holds the stop open for as long as it takes.
  held.write(
    `POST /v1/stream/${channel.channel} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n"`,
  )
  const start = `GET /v1/stream/${channel.channel}?live=websocket HTTP/1.1\r\nHost: localhost\r\n`
  latecomer.write(start)
  await statsOf(server).until(({ ways }) => ways.publish.requests === 1)
  const stopped = server.close()
  latecomer.write(
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(latecomer, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 503 /)
  expect(answer).toContain('"code":"server-stopping"')
  held.write('x"')
  await stopped
})

test('clients that neither read nor answer do not keep the server from stopping', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  await channel.publish(...Array.from({ length: 500 }, () => 'x'.repeat(30_000)))
  const plain = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }))
  const envelopes = await RawWebSocket.open(
    channel.reading({ offset: '-1', live: 'websocket' }),
    'tidings.v1',
  )
  plain.socket.pause()
  envelopes.socket.pause()
  await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }))
  await statsOf(server).until(({ openStreams }) => openStreams === 3)
  await server.close()
  // The test's own time is the bound: a close handshake that is never answered takes ws half a minute.
}, 20_000)
