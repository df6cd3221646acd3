import { type EventEmitter, once } from 'node:events'
import { constants } from 'node:http2'
import { connect, type TLSSocket } from 'node:tls'
import type { RunningServer } from 'tidings'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { HttpServer } from '../../packages/server/src/http/index.js'
import { Http2Client } from '../support/http2-client.js'
import { rawConnection } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { startTlsServer } from '../support/tls-server.js'

const json = { 'content-type': 'application/json' }
const post = { ':method': 'POST', ...json }
const cake = '/v1/stream/cake'

async function startWithChannel(
  options: Parameters<typeof startTlsServer>[0] = {},
): Promise<{ server: RunningServer; client: Http2Client }> {
  const server = await startTlsServer(options)
  const client = await Http2Client.open(server)
  expect((await client.fetch(cake, { ':method': 'PUT', ...json })).status).toBe(201)
  return { server, client }
}

describe('one connection of HTTP/2', () => {
  test('carries the three HTTP ways and publishing at once', async () => {
    const { client } = await startWithChannel()
    const events = client.ask(`${cake}?live=sse&offset=-1`)
    const poll = client.ask(`${cake}?live=long-poll&offset=now`)
    await events.has(/"upToDate":true/)
    expect((await client.fetch(cake, post, '{"cake":"ready"}')).status).toBe(204)

    await events.has(/data:\[\{"cake":"ready"\}\]/)
    expect((await poll.head)[':status']).toBe(200)
    await poll.ended
    expect(poll.text).toBe('[{"cake":"ready"}]')
    const read = await client.fetch(cake)
    expect(read).toMatchObject({ status: 200, text: '[{"cake":"ready"}]' })
    const again = await client.fetch(cake, { 'if-none-match': read.headers.etag })
    expect(again).toMatchObject({ status: 304, text: '' })
  })

  test('has no headers of HTTP/1.1 connections in any answer, and tells where a channel is with https', async () => {
    const server = await startTlsServer()
    const client = await Http2Client.open(server)
    const answers = [
      await client.fetch(cake, { ':method': 'PUT', ...json }),
      await client.fetch(cake),
      await client.fetch(cake, { ':method': 'HEAD' }),
      await client.fetch(`${cake}?live=websocket`),
      await client.fetch('/nowhere'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 426, 404])
    for (const { headers } of answers) {
      for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection'])
        expect(headers).not.toHaveProperty(name)
    }
    expect(answers[0]?.headers.location).toBe(`${server.url}${cake}`)
  })

  test('is told to open a WebSocket over HTTP/1.1, and none over HTTP/2 is announced', async () => {
    const { client } = await startWithChannel()
    const { status, text } = await client.fetch(`${cake}?live=websocket`)
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: 426, code: 'upgrade-required' })
    expect(JSON.parse(text).detail).toContain('HTTP/1.1')
    expect(client.session.remoteSettings.enableConnectProtocol).toBeFalsy()
  })
})

describe('who asks is checked over HTTP/2 as over HTTP/1.1', () => {
  test.each([
    ['an :authority that is not loopback', { ':authority': 'tidings.example' }, 421, 'host-refused'],
    [
      'a Host that is not the :authority',
      { ':authority': 'localhost', host: 'other.example' },
      400,
      'request-malformed',
    ],
    ['a foreign Origin', { origin: 'https://other.example' }, 403, 'origin-refused'],
    ['CONNECT', { ':method': 'CONNECT', ':authority': 'localhost:443' }, 405, 'method-not-allowed'],
    ['a reserved name', { ':path': '/v1/stream/__ds/subscriptions' }, 501, 'not-implemented'],
  ])('%s', async (_, headers, status, code) => {
    const { client } = await startWithChannel()
    const isConnect = ':method' in headers
    const answer = isConnect ? client.session.request(headers) : client.ask(cake, headers).stream
    const [head] = (await once(answer, 'response')) as [{ ':status': number }]
    expect(head[':status']).toBe(status)
    if (isConnect) return answer.close()
    const [body] = (await once(answer, 'data')) as [string]
    expect(JSON.parse(body).code).toBe(code)
  })

  test('a page of the server itself may, one that came without TLS may not', async () => {
    const server = await startTlsServer({ public: true })
    const client = await Http2Client.open(server)
    const { host } = new URL(server.url)
    const ask = (origin: string) => client.fetch('/v1/channels', { origin })
    expect((await ask(`https://${host}`)).status).toBe(200)
    expect((await ask(`http://${host}`)).status).toBe(403)
  })
})

describe('streams that end early', () => {
  test('a held poll that its client resets is free at once, and its connection goes on', async () => {
    const { server, client } = await startWithChannel()
    const poll = client.ask(`${cake}?live=long-poll&offset=-1`)
    await statsOf(server).until(({ heldPolls, listeners }) => heldPolls === 1 && listeners === 1)
    poll.stream.close(constants.NGHTTP2_CANCEL)
    await statsOf(server).untilNothingIsHeld()
    expect((await client.fetch(cake)).status).toBe(200)
  })

  test('an event stream likewise, and everything when the connection is cut', async () => {
    const { server, client } = await startWithChannel()
    const streams = [0, 1, 2].map(() => client.ask(`${cake}?live=sse&offset=-1`))
    client.ask(`${cake}?live=long-poll&offset=-1`)
    await statsOf(server).until(({ openStreams, heldPolls }) => openStreams === 3 && heldPolls === 1)
    streams[0]?.stream.close(constants.NGHTTP2_CANCEL)
    await statsOf(server).until(({ openStreams, listeners }) => openStreams === 2 && listeners === 3)
    client.session.destroy()
    await statsOf(server).untilAllIsFree()
  })

  test('a body that breaks off appends nothing', async () => {
    const { server, client } = await startWithChannel()
    const half = client.ask(cake, { ...post, ':method': 'POST' })
    half.stream.write('"half"')
    await statsOf(server).until(({ ways }) => ways.publish.requests === 1)
    half.stream.destroy()
    // Appends are kept in the order in which they were admitted.
    expect((await client.fetch(cake, post, '"whole"')).status).toBe(204)
    expect((await client.fetch(cake)).text).toBe('["whole"]')
  })

  test('a body that is too large is refused before its end, and the connection goes on', async () => {
    const { client } = await startWithChannel({ maxBodyBytes: 1000 })
    const large = client.ask(cake, { ...post, ':method': 'POST' })
    large.stream.write('x'.repeat(1_001))
    expect((await large.head)[':status']).toBe(413)
    // The rest is not wanted, and that is no error. @see RFC 9113 §8.1
    expect(await large.ended).toBe(constants.NGHTTP2_NO_ERROR)
    expect(JSON.parse(large.text).code).toBe('message-too-large')
    const announced = client.ask(cake, { ...post, 'content-length': 2_000, expect: '100-continue' })
    expect((await announced.head)[':status']).toBe(413)
    expect(await announced.ended).toBe(constants.NGHTTP2_NO_ERROR)
    expect((await client.fetch(cake, post, '"small"')).status).toBe(204)
  })

  test('a client that waits for a word sends its body when it is told to', async () => {
    const { client } = await startWithChannel()
    const publish = client.ask(cake, { ...post, expect: '100-continue' })
    await once(publish.stream, 'continue')
    publish.stream.end('"patient"')
    expect((await publish.head)[':status']).toBe(204)
  })
})

test('a stream that does not read is not buffered for, the others on its connection go on, and it loses nothing', async () => {
  const { server, client } = await startWithChannel()
  const messages = Array.from({ length: 60 }, (_, index) => `${index}:${'x'.repeat(30_000)}`)
  const slow = client.ask(`${cake}?live=sse&offset=-1`)
  await statsOf(server).until(({ listeners }) => listeners === 1)
  slow.stream.pause()
  const other = await Http2Client.open(server)
  for (const message of messages) await other.fetch(cake, post, JSON.stringify(message))
  // It has left the tail: what it does not take waits in the log.
  await statsOf(server).until(({ listeners }) => listeners === 0)
  const last = await client.fetch(`${cake}?offset=now`)
  expect(last.status).toBe(200)
  slow.stream.resume()
  await slow.has(/"59:x+"/)
  const heard = [...slow.text.matchAll(/^data:\["(\d+):x+"/gm)].map(([, index]) => Number(index))
  expect(heard).toEqual(messages.map((_, index) => index))
})

test('silence is broken by heartbeats on each stream', async () => {
  const { client } = await startWithChannel({ heartbeatMs: 100 })
  const streams = [0, 1].map(() => client.ask(`${cake}?live=sse&offset=-1`))
  for (const stream of streams) await stream.has(/\n:\n\n:\n\n/)
})

describe('a graceful stop', () => {
  test('answers held polls, tells streams when to come back, and says GOAWAY', async () => {
    const { server, client } = await startWithChannel()
    const { headers } = await client.fetch(cake)
    const poll = client.ask(`${cake}?live=long-poll&offset=-1`)
    const events = client.ask(`${cake}?live=sse&offset=-1`)
    await statsOf(server).until(({ heldPolls, openStreams }) => heldPolls === 1 && openStreams === 1)
    const goaway = once(client.session, 'goaway')
    const closed = once(client.session, 'close')
    await server.close()
    expect((await goaway)[0]).toBe(constants.NGHTTP2_NO_ERROR)
    await closed
    const head = await poll.head
    expect([head[':status'], head['stream-next-offset']]).toEqual([204, headers['stream-next-offset']])
    expect(await events.ended).toBe(constants.NGHTTP2_NO_ERROR)
    expect(events.text).toMatch(/retry:\d+\n\n$/)
  })

  test.each<[string, (server: RunningServer) => Promise<EventEmitter>]>([
    ['a connection of HTTP/2 without a stream', async (server) => (await Http2Client.open(server)).session],
    ['a connection of HTTP/1.1 without a request', (server) => secureConnection(server, 'http/1.1')],
    [
      'a connection of HTTP/1.1 that is kept',
      async (server) => {
        const socket = await secureConnection(server, 'http/1.1')
        socket.write('GET /v1/channels HTTP/1.1\r\nHost: localhost\r\n\r\n')
        await once(socket, 'data')
        return socket.resume()
      },
    ],
    ['a connection without a handshake', (server) => rawConnection(server.url)],
  ])('does not wait for %s', async (_, connect) => {
    const cuts = vi.spyOn(HttpServer.prototype, 'cutConnections')
    onTestFinished(() => cuts.mockRestore())
    const server = await startTlsServer()
    const closed = once(await connect(server), 'close')
    // Its end of the connection is there, too.
    await statsOf(server).now()
    await server.close()
    await closed
    expect(cuts).not.toHaveBeenCalled()
  })
})

test('what is not HTTP/2, where that was agreed on, is cut; the others go on', async () => {
  const { server, client } = await startWithChannel()
  const socket = await secureConnection(server, 'h2')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  expect((await client.fetch(cake)).status).toBe(200)
})

async function secureConnection({ url, certificate }: RunningServer, protocol: string): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  const ALPNProtocols = [protocol]
  const socket = connect({ host: hostname, port: Number(port), ca: String(certificate), ALPNProtocols })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  expect(socket.alpnProtocol).toBe(protocol)
  return socket
}

test('costs: a connection counts once, and its bytes are shared out by what its streams moved', async () => {
  const { server, client } = await startWithChannel()
  const events = client.ask(`${cake}?live=sse&offset=-1`)
  await events.has(/"upToDate":true/)
  for (let count = 0; count < 20; count++) {
    await client.fetch(cake, post, JSON.stringify(`${count}:${'x'.repeat(10_000)}`))
    await client.fetch(`${cake}?offset=now`)
  }
  await events.has(/"19:x+"/)
  const { ways } = await statsOf(server).now()
  expect(ways['short-poll'].requests).toBe(20)
  expect(ways.publish.requests).toBe(20)
  expect(ways.sse.requests).toBe(1)
  // The connection was opened to make the channel; the statistics' own connections are the rest of `other`.
  const opened = ['short-poll', 'long-poll', 'sse', 'publish', 'websocket'] as const
  expect(opened.map((way) => ways[way].connectionsOpened)).toEqual([0, 0, 0, 0, 0])
  // 20 messages of 10 kB went in by publishing and out by the stream; the empty answers had next to nothing.
  const about200kB = { least: 200_000, most: 215_000 }
  for (const bytes of [ways.publish.bytesIn, ways.sse.bytesOut]) {
    expect(bytes).toBeGreaterThan(about200kB.least)
    expect(bytes).toBeLessThan(about200kB.most)
  }
  expect(ways['short-poll'].bytesOut).toBeLessThan(20_000)
  expect(ways['short-poll'].bytesOut).toBeGreaterThan(20 * 50)
})
