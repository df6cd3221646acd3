import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { formatLaneTag, type TraceEvent, type Way } from '@tidings/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { CountingProxy } from '../support/counting-proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { LabRun, sumOf } from './lab-run.js'

function keptAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  return agent
}

async function ask(
  url: string,
  options: { agent?: Agent; body?: string; headers?: Record<string, string> } = {},
) {
  const { agent = keptAlive(), body, headers = {} } = options
  const contentType = { 'content-type': 'application/json' }
  const asking = request(url, {
    agent,
    ...(body === undefined ? { headers } : { method: 'POST', headers: { ...contentType, ...headers } }),
  })
  asking.end(body)
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return { response, text: await text(response) }
}

function urlOf(
  base: string,
  run: LabRun,
  lane: Way,
  query: string,
  { ask: number = 1, isFresh = false } = {},
) {
  return `${base}/v1/stream/${run.channel}?${query}&lab=${formatLaneTag({ lane, ask: number, isFresh })}`
}

const ended = (count: number) => (run: LabRun) =>
  run.trace.filter(({ kind }) => kind === 'ended').length >= count

test('the trace of polls on one kept connection has every byte that a proxy counted, and the server too', async () => {
  const server = await startTestServer()
  const proxy = await CountingProxy.before(server)
  const run = await LabRun.open(server)
  const agent = keptAlive()
  for (let round = 1; round <= 3; round++)
    await ask(urlOf(proxy.url, run, 'short-poll', 'offset=-1', { ask: round }), { agent })
  await run.until(ended(3))

  const sum = sumOf(run.trace)
  expect(sum).toEqual({ requests: 3, connections: 1, bytesUp: proxy.bytesUp, bytesDown: proxy.bytesDown })
  const { ways } = await statsOf(server).now()
  expect(ways['short-poll']).toMatchObject({
    requests: 3,
    connectionsOpened: 1,
    bytesIn: sum.bytesUp,
    bytesOut: sum.bytesDown,
  })
})

test('a request is told with its head as it was sent, and its answer as it went out', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const url = urlOf(server.url, run, 'long-poll', 'offset=-1&live=long-poll')
  const publishing = ask(urlOf(server.url, run, 'long-poll', 'x=1', { ask: 2 }), { body: '{"said":1}' })
  const { text: heard } = await ask(url)
  await publishing
  await run.until(ended(2))

  expect(heard).toBe('[{"said":1}]')
  const requests = run.trace.filter((event) => event.kind === 'request')
  const poll = requests.find((event) => event.ask === 1)
  const post = requests.find((event) => event.ask === 2)
  expect(poll?.bytes).toMatch(
    /^GET \/v1\/stream\/lab\/[0-9a-f]+\?offset=-1&live=long-poll&lab=long-poll\.1 HTTP\/1\.1\r\n[\s\S]*\r\n\r\n$/,
  )
  const up = (event: TraceEvent | undefined) =>
    run.trace
      .filter((each) => each.kind === 'request' || each.kind === 'up')
      .filter((each) => event?.kind === 'request' && each.exchange === event.exchange)
      .map((each) => each.bytes)
      .join('')
  expect(up(post)).toMatch(/\r\n\r\n\{"said":1\}$/)
  const down = run.trace.filter((event) => event.kind === 'down' && event.exchange === poll?.exchange)
  expect(down.map((event) => (event.kind === 'down' ? event.bytes : '')).join('')).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\[\{"said":1\}\]$/,
  )
})

test('a stream and a socket are told piece by piece, each to its byte, and their ends with who ended them', async () => {
  const server = await startTestServer()
  const proxy = await CountingProxy.before(server)
  const run = await LabRun.open(server)
  const streaming = request(urlOf(proxy.url, run, 'sse', 'offset=-1&live=sse'), { agent: false })
  streaming.on('error', () => {}).end()
  await once(streaming, 'response')
  const socketUrl = urlOf(proxy.url, run, 'websocket', 'offset=-1&live=websocket').replace('http', 'ws')
  const socket = new WebSocket(socketUrl)
  await once(socket, 'open')
  socket.send('{"up":1}')
  await once(socket, 'message')
  streaming.destroy()
  socket.close()
  await run.until(({ trace }) => trace.filter(({ kind }) => kind === 'closed').length === 2)

  const { requests, connections, bytesUp, bytesDown } = sumOf(run.trace)
  expect({ requests, connections, bytesUp }).toEqual({ requests: 2, connections: 2, bytesUp: proxy.bytesUp })
  // What was written to a client that had gone may not have reached the proxy.
  expect(bytesDown).toBeGreaterThanOrEqual(proxy.bytesDown)
  const { ways } = await statsOf(server).now()
  expect(ways.sse.bytesOut + ways.websocket.bytesOut).toBe(bytesDown)
  // A WebSocket's closing handshake ends with the server's end. @see RFC 6455 §7.1.1
  const endedBy = run.trace.flatMap((event) => (event.kind === 'closed' ? [`${event.lane} ${event.by}`] : []))
  expect(endedBy.sort()).toEqual(['sse client', 'websocket server'])
})

test('a lane that wants fresh connections has each answer end its own', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const agent = keptAlive()
  for (let round = 1; round <= 2; round++) {
    const fresh = { ask: round, isFresh: true }
    const { response } = await ask(urlOf(server.url, run, 'short-poll', 'offset=-1', fresh), { agent })
    expect(response.headers.connection).toBe('close')
  }
  await run.until(({ trace }) => trace.filter(({ kind }) => kind === 'closed').length === 2)
  expect(sumOf(run.trace)).toMatchObject({ requests: 2, connections: 2 })
  expect(run.trace.flatMap((event) => (event.kind === 'closed' ? [event.by] : []))).toEqual([
    'server',
    'server',
  ])
})

test('what others ask is told to nobody, on the same connection or about the same channel', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const agent = keptAlive()
  await ask(`${server.url}/v1/stats`, { agent, headers: { authorization: 'Bearer secret' } })
  await ask(`${server.url}/v1/stream/${run.channel}?offset=-1`, { agent })
  await ask(`${server.url}/v1/stream/${run.channel}?offset=-1&lab=nonsense.1`, { agent })
  const { text: channels } = await ask(`${server.url}/v1/channels`, { agent })
  await ask(urlOf(server.url, run, 'short-poll', 'offset=-1'), { agent })
  await run.until(ended(1))
  await ask(`${server.url}/v1/stats`, { agent })

  expect(channels).toContain(run.channel)
  expect(run.trace.map(({ kind }) => kind)).toEqual(['request', 'down', 'ended'])
  expect(run.trace[0]).toMatchObject({ isReused: true })
  expect(JSON.stringify(run.notices)).not.toContain('secret')
})

test('two runs hear of their own lanes alone', async () => {
  const server = await startTestServer()
  const [one, other] = [await LabRun.open(server), await LabRun.open(server)]
  await ask(urlOf(server.url, one, 'short-poll', 'offset=-1'))
  await ask(urlOf(server.url, other, 'sse', 'offset=-1'))
  await one.until(ended(1))
  await other.until(ended(1))
  expect(one.trace.every((event) => event.lane === 'short-poll')).toBe(true)
  expect(other.trace.every((event) => event.lane === 'sse')).toBe(true)
})

test('secrets in a head are dots of the same length', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const headers = { authorization: 'Bearer of-a-secret', cookie: 'session=hush', 'x-plain': 'seen' }
  await ask(urlOf(server.url, run, 'short-poll', 'offset=-1'), { headers })
  await run.until(ended(1))
  const told = JSON.stringify(run.trace)
  expect(told).not.toMatch(/of-a-secret|hush/)
  expect(told).toContain('seen')
  const [first] = run.trace.filter((event) => event.kind === 'request')
  expect(first?.bytes.length).toBe(first?.byteLength)
})

test('a connection that was open before the run is traced from its next request on', async () => {
  const server = await startTestServer()
  const agent = keptAlive()
  await ask(`${server.url}/v1/stats`, { agent })
  const run = await LabRun.open(server)
  await ask(urlOf(server.url, run, 'short-poll', 'offset=-1'), { agent })
  await run.until(ended(1))
  expect(sumOf(run.trace)).toMatchObject({ requests: 1, connections: 0 })
  expect(run.trace[0]).toMatchObject({ kind: 'request', isReused: true })
})

test('a connection that was open and unused before the run is opened by the lane that asks first on it', async () => {
  const server = await startTestServer()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  await statsOf(server).now()
  const run = await LabRun.open(server)
  const target = urlOf('', run, 'short-poll', 'offset=-1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  await run.until(ended(1))
  expect(sumOf(run.trace)).toMatchObject({ requests: 1, connections: 1 })
})

test('the page closes a connection of its lanes from the server, and of nobody else', async () => {
  const server = await startTestServer()
  const [run, other] = [await LabRun.open(server), await LabRun.open(server)]
  const url = urlOf(server.url, run, 'websocket', 'offset=-1&live=websocket').replace('http', 'ws')
  const socket = new WebSocket(url)
  await once(socket, 'open')
  await run.until(({ trace }) => trace.some(({ kind }) => kind === 'opened'))
  const [opened] = run.trace.filter((event) => event.kind === 'opened')
  const connection = opened?.connection ?? 0
  other.ask({ type: 'close', connection })
  other.ask({ type: 'clock', askedAtMs: 1 })
  await other.until(({ notices }) => notices.some(({ type }) => type === 'clock'))
  expect(socket.readyState).toBe(WebSocket.OPEN)
  run.ask({ type: 'close', connection })
  await once(socket, 'close')
  await run.until(({ trace }) => trace.some(({ kind }) => kind === 'closed'))
  expect(run.trace.at(-1)).toMatchObject({ kind: 'closed', connection, by: 'server' })
})

test('frames that came with their handshake are counted once', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const url = new URL(urlOf(server.url, run, 'websocket', 'offset=-1&live=websocket'))
  const head = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
  ]
  // A text of one byte, masked with nothing. @see RFC 6455 §5.2
  const frame = '\x81\x81\0\0\0\x001'
  const sent = `${head.join('\r\n')}\r\n\r\n${frame}`
  const client = await RawConnection.open(server.url)
  client.send(sent)
  await client.through('\r\n\r\n')
  client.send(frame)
  // Both come back as messages of the channel.
  await client.take(6)
  client.destroy()
  await run.until(({ trace }) => trace.some(({ kind }) => kind === 'closed'))
  expect(sumOf(run.trace).bytesUp).toBe(sent.length + frame.length)
})

test('secrets behind empty lines are dots too, and of requests that are sent ahead each is told to end', async () => {
  const server = await startTestServer()
  const run = await LabRun.open(server)
  const request = (number: number) => {
    const url = new URL(urlOf(server.url, run, 'sse', 'x=1', { ask: number }))
    const headers = [
      `Host: ${url.host}`,
      'Authorization: Bearer of-a-secret',
      'Content-Type: application/json',
      'Content-Length: 1',
    ]
    return `POST ${url.pathname}${url.search} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n1`
  }
  const client = await RawConnection.open(server.url)
  onTestFinished(() => client.destroy())
  client.send(`\r\n\r\n${request(1)}`)
  expect((await client.answer()).status).toBe(204)
  client.send(request(2).replace('Authorization', 'X-Plain') + request(3).replace('Authorization', 'X-Plain'))
  for (const _ of [2, 3]) expect((await client.answer()).status).toBe(204)
  await run.until(({ trace }) => trace.some((event) => event.kind === 'request' && event.ask === 3))
  await run.until(ended(3))
  const [first] = run.trace.filter((event) => event.kind === 'request')
  expect(first?.bytes).toContain('POST')
  expect(first?.bytes).not.toContain('of-a-secret')
})
