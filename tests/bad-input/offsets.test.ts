import { expect, test } from 'vitest'
import { RawWebSocket, upgradeHeaders } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire()

/** Each way of asking for what follows an offset; `Last-Event-ID` is how a browser asks. */
const waysToAsk = ['short poll', 'long poll', 'SSE', 'WebSocket', 'Last-Event-ID'] as const

function askFrom(path: string, offset: string, way: (typeof waysToAsk)[number]) {
  const live = {
    'short poll': '',
    'long poll': '&live=long-poll',
    SSE: '&live=sse',
    WebSocket: '&live=websocket',
  }
  if (way === 'Last-Event-ID') {
    return server.ask({ target: `${path}?live=sse&offset=-1`, headers: { 'last-event-id': offset } })
  }
  const headers = way === 'WebSocket' ? upgradeHeaders : {}
  return server.ask({ target: `${path}?offset=${encodeURIComponent(offset)}${live[way]}`, headers })
}

async function subscribe(channel: string, offset: unknown) {
  const socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
  socket.send({ opcode: 1, payload: JSON.stringify({ type: 'subscribe', channel, offset }) })
  const error = await socket.envelope('error')
  // The socket goes on.
  socket.send({ opcode: 1, payload: '{"type":"ping"}' })
  await socket.envelope('pong')
  socket.destroy()
  return error
}

async function publish(path: string, body: string, contentType = 'application/json') {
  const headers = { 'content-type': contentType }
  const answer = await server.ask({ method: 'POST', target: path, headers, body })
  expect(answer.status).toBe(204)
  return answer.headers['stream-next-offset'] as string
}

test.each([
  ['a word', 'tomorrow'],
  ['a number', '17'],
  ['minus two', '-2'],
  ['NOW', 'NOW'],
  ['half an offset', '0000000000000001'],
  ['a short one', '1_2'],
  ['a long one', '00000000000000001_00000000000000002'],
  ['letters', '000000000000000a_0000000000000000'],
  ['a negative position', '0000000000000001_-000000000000001'],
  ['a position past 2^53', '0000000000000001_9007199254740993'],
  ['digits of another script', '000000000000000١_0000000000000000'],
  ['an offset and more', '0000000000000001_0000000000000002,x'],
  ['white space around', ' 0000000000000001_0000000000000002 '],
  ['a NUL', '-1\0'],
])('%s is no offset: 400 on each way', async (what, offset) => {
  const name = `malformed-${what.replaceAll(' ', '-').replace('^', '')}`
  const path = await server.create(name)
  for (const way of waysToAsk) {
    // Not a header at all, or the same without what HTTP takes off.
    if (way === 'Last-Event-ID' && /[\0١]|^ /.test(offset)) continue
    expectProblem(await askFrom(path, offset, way), 400, 'offset-malformed')
  }
  expect(await subscribe(name, offset)).toMatchObject({ channel: name, code: 'offset-malformed' })
})

test('an empty offset is none: 400, but an empty Last-Event-ID gives way to the offset', async () => {
  const path = await server.create('empty-offset')
  for (const way of ['short poll', 'long poll', 'SSE', 'WebSocket'] as const) {
    expectProblem(await askFrom(path, '', way), 400, 'offset-malformed')
  }
  expect((await askFrom(path, '', 'Last-Event-ID')).status).toBe(200)
  expect(await subscribe('empty-offset', '')).toMatchObject({ code: 'offset-malformed' })
})

test('two offsets are one too many: 400 on each way', async () => {
  const path = await server.create('two-offsets')
  for (const live of ['', '&live=long-poll', '&live=sse', '&live=websocket']) {
    const headers = live === '&live=websocket' ? upgradeHeaders : {}
    const answer = await server.ask({ target: `${path}?offset=-1&offset=-1${live}`, headers })
    expectProblem(answer, 400, 'offset-malformed')
  }
})

test('a long poll and SSE need an offset: 400 without', async () => {
  const path = await server.create('no-offset')
  for (const live of ['long-poll', 'sse']) {
    expectProblem(await server.ask({ target: `${path}?live=${live}` }), 400, 'offset-missing')
  }
})

test("another channel's offset, or one beyond the tail, answers 410 with the offsets that are good", async () => {
  const path = await server.create('present')
  const other = await publish(await server.create('other'), '[1,2,3]')
  const tail = await publish(path, '[1,2]')
  const [history, position] = tail.split('_') as [string, string]
  const beyond = `${history}_${String(Number(position) + 1).padStart(16, '0')}`
  const beginning = `${history}_${'0'.repeat(16)}`
  for (const offset of [
    other,
    beyond,
    `${'0'.repeat(16)}_0000000000000001`,
    `8${history.slice(1)}_${'0'.repeat(16)}`,
  ]) {
    for (const way of waysToAsk) {
      const answer = await askFrom(path, offset, way)
      expectProblem(answer, 410, 'history-changed')
      expect(answer.headers).toMatchObject({
        'stream-earliest-offset': beginning,
        'stream-next-offset': tail,
      })
    }
    expect(await subscribe('present', offset)).toMatchObject({
      code: 'history-changed',
      channel: 'present',
      earliestOffset: beginning,
      nextOffset: tail,
    })
  }
})

test('a channel that was deleted and made again answers its old offsets with 410', async () => {
  const path = await server.create('again')
  const old = await publish(path, '[1]')
  await server.ask({ method: 'DELETE', target: path })
  await server.create('again')
  await publish(path, '[1]')
  for (const way of waysToAsk) expectProblem(await askFrom(path, old, way), 410, 'history-changed')
  expect(await subscribe('again', old)).toMatchObject({ code: 'history-changed' })
})

test.each(['text/plain', 'application/octet-stream'])(
  'an offset in the middle of a message of a %s channel was never told: 410 on each way',
  async (contentType) => {
    const name = `middle-${contentType.replace('/', '-')}`
    const path = await server.create(name, contentType)
    await publish(path, 'cake', contentType)
    const tail = await publish(path, 'more cake', contentType)
    const history = tail.split('_')[0] as string
    for (const position of [1, 3, 5, 12]) {
      const offset = `${history}_${String(position).padStart(16, '0')}`
      for (const way of waysToAsk) expectProblem(await askFrom(path, offset, way), 410, 'history-changed')
      expect(await subscribe(name, offset)).toMatchObject({ code: 'history-changed' })
    }
    for (const position of [0, 4, 13]) {
      const offset = `${history}_${String(position).padStart(16, '0')}`
      expect((await askFrom(path, offset, 'short poll')).status).toBe(200)
      expect((await askFrom(path, offset, 'SSE')).status).toBe(200)
    }
  },
)

test.each(['poll', '', 'SSE', 'long-poll,sse', 'long-poll&live=long-poll', 'sse&live=websocket', '%00'])(
  'live=%s is no way to hear a channel: 400',
  async (live) => {
    const path = await server.create(`live-${encodeURIComponent(live).replaceAll('%', '')}`)
    expectProblem(await server.ask({ target: `${path}?offset=-1&live=${live}` }), 400, 'live-unknown')
    const upgrade = await server.ask({ target: `${path}?offset=-1&live=${live}`, headers: upgradeHeaders })
    expectProblem(upgrade, 400, 'live-unknown')
  },
)

test('a cache token that is none is ignored', async () => {
  const path = await server.create('cursor')
  for (const cursor of ['', 'x', '-1', '9'.repeat(40), '1&cursor=2']) {
    expect((await server.ask({ target: `${path}?offset=-1&cursor=${cursor}` })).status).toBe(200)
    const held = await server.ask({ target: `${path}?offset=now&live=sse&cursor=${cursor}` })
    expect(held.status).toBe(200)
  }
})
