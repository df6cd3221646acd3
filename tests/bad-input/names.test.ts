import { expect, test } from 'vitest'
import type { RawRequest } from '../support/raw-connection.js'
import { RawWebSocket, upgradeHeaders } from '../support/raw-websocket.js'
import { expectNothingOfTheInside, expectProblem, serverUnderFire } from '../support/server-under-fire.js'
import { temporaryFolderOfFile } from '../support/temporary-folder-of-file.js'

// On the disk engine: names end up in its keys, which have limits of their own.
const server = serverUnderFire({ engine: 'disk', data: temporaryFolderOfFile() })

const json = { 'content-type': 'application/json' }

/** A request in each way that names a channel. */
const requests: (Omit<RawRequest, 'target'> & { query?: string })[] = [
  { method: 'GET' },
  { method: 'GET', query: '?offset=-1' },
  { method: 'GET', query: '?offset=-1&live=long-poll' },
  { method: 'GET', query: '?offset=-1&live=sse' },
  { method: 'GET', query: '?offset=-1&live=websocket', headers: upgradeHeaders },
  { method: 'HEAD' },
  { method: 'POST', headers: json, body: '[1]' },
  { method: 'DELETE' },
]

const envelopes = [
  { type: 'subscribe', offset: '-1' },
  { type: 'publish', id: 'p', messages: [1] },
]

async function expectEachToRefuse(path: string, status: number, code: string, alsoPut: boolean) {
  const all: typeof requests = alsoPut ? [...requests, { method: 'PUT', headers: json }] : requests
  for (const { query = '', ...request } of all) {
    const answer = await server.ask({ ...request, target: `/v1/stream/${path}${query}` })
    expectProblem(answer, status, code, request.method === 'HEAD')
  }
}

async function expectEnvelopesToRefuse(name: string, code: string) {
  const socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
  for (const envelope of envelopes) {
    socket.send({ opcode: 1, payload: JSON.stringify({ ...envelope, channel: name }) })
    const error = await socket.envelope('error')
    expect(error).toMatchObject({ code, ...(envelope.id && { id: envelope.id }) })
    expectNothingOfTheInside(JSON.stringify(error))
  }
  socket.destroy()
}

test.each(['nobody', 'nobody/home', 'caf%C3%A9', 'a%20b', 'x'.repeat(1024), '%F0%9F%8E%82', 'a/__ds', '...'])(
  'a channel that is not there (%s) answers 404 to each way of asking',
  async (path) => {
    await expectEachToRefuse(path, 404, 'channel-unknown', false)
    await expectEnvelopesToRefuse(decodeURIComponent(path), 'channel-unknown')
  },
)

test.each([
  ['nothing', ''],
  ['1,025 bytes', 'x'.repeat(1025)],
  ['1,026 bytes in 342 characters', '%E2%82%AC'.repeat(342)],
  ['NUL', 'a%00b'],
  ['a line feed', 'a%0ab'],
  ['a carriage return', '%0d'],
  ['DEL', 'a%7f'],
  ['a C1 control character', 'a%C2%85'],
  ['..', '..'],
  ['.. within', 'a/../b'],
  ['.. last', 'a/..'],
  ['.', '.'],
  ['. within', 'a/./b'],
  ['.. escaped', '%2e%2e'],
  ['.. escaped within', 'a/%2E%2e/b'],
  ['.. behind an escaped slash', 'a%2f..%2Fb'],
  ['a slash first', '/a'],
  ['a slash last', 'a/'],
  ['a slash twice', 'a//b'],
  ['an escaped slash last', 'a%2f'],
])('%s is no name of a channel: 400', async (_, path) => {
  await expectEachToRefuse(path, 400, 'channel-name-invalid', true)
  await expectEnvelopesToRefuse(decodeURIComponent(path), 'channel-name-invalid')
})

test.each([
  ['half an escape', 'a%'],
  ['an escape that is none', 'a%zz'],
  ['half a character', '%C3'],
  ['an overlong slash', '%C0%AF'],
  ['an overlong NUL', '%C0%80'],
  ['a surrogate', '%ED%A0%80'],
  ['a byte that is no UTF-8', '%FF'],
])('%s in a name is not UTF-8: 400', async (_, path) => {
  await expectEachToRefuse(path, 400, 'channel-name-invalid', true)
})

test('half a surrogate pair in an envelope is no name of a channel', async () => {
  await expectEnvelopesToRefuse('a\ud83c', 'channel-name-invalid')
  await expectEnvelopesToRefuse('\udf82b', 'channel-name-invalid')
})

test.each(['__ds', '__ds/x', '__ds/../x', '%5f_ds/subscriptions', '__ds%2fx', `__ds/${'x'.repeat(2000)}`])(
  "%s is the protocol's own: 501 before anything else",
  async (path) => {
    await expectEachToRefuse(path, 501, 'not-implemented', true)
    await expectEnvelopesToRefuse(decodeURIComponent(path), 'not-implemented')
  },
)

test('a name as long as an envelope can be is not told back', async () => {
  const socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
  const channel = 'x'.repeat(8 * 1024 * 1024)
  socket.send({ opcode: 1, payload: JSON.stringify({ type: 'subscribe', channel }) })
  const error = await socket.envelope('error')
  expect(error.code).toBe('envelope-invalid')
  expect(JSON.stringify(error).length).toBeLessThan(1024)
  socket.destroy()
})

test.each([
  ['an escaped slash', 'cakes%2fcheese', 'cakes/cheese'],
  ['a percent sign', '100%25', '100%'],
  ['a question mark', 'really%3F', 'really?'],
  ['1,024 bytes', 'y'.repeat(1024), 'y'.repeat(1024)],
])('%s is as good a name as any', async (_, path, name) => {
  expect((await server.ask({ method: 'PUT', target: `/v1/stream/${path}`, headers: json })).status).toBe(201)
  const socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
  socket.send({ opcode: 1, payload: JSON.stringify({ type: 'publish', channel: name, messages: [name] }) })
  expect(await socket.envelope('published')).toMatchObject({ channel: name })
  socket.destroy()
  const read = await server.ask({ target: `/v1/stream/${path}?offset=-1` })
  expect(JSON.parse(read.body)).toEqual([name])
})

test('a byte that no URL has, in a name, is not HTTP: 400', async () => {
  for (const path of ['k\xc3\xa4se', 'a\xff', 'a\xc0\xafb']) {
    expectProblem(await server.ask({ target: `/v1/stream/${path}` }), 400, 'request-malformed')
  }
})

test('the list of channels goes on after a name, and has a limit that is one', async () => {
  for (const after of ['%00%FF', 'x'.repeat(4000), '..', '']) {
    expectProblem(await server.ask({ target: `/v1/channels?after=${after}` }), 400, 'channel-name-invalid')
  }
  for (const limit of ['0', '-1', '1e2', 'all', '', '1001', '9007199254740993']) {
    expectProblem(await server.ask({ target: `/v1/channels?limit=${limit}` }), 400, 'query-invalid')
  }
  expect((await server.ask({ target: '/v1/channels?limit=1000&after=a' })).status).toBe(200)
})
