import { expect, test } from 'vitest'
import { append, get } from '../support/fork.js'
import { RawWebSocket } from '../support/raw-client.js'
import { ask } from '../support/raw-connection.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { codeOf, json, namesOn, startWithOrders, urlOf } from './support.js'

test('a first POST makes the channel with its content type, and appends', async () => {
  const server = await startWithOrders()
  for (const [name, contentType, body] of [
    ['orders/json', 'application/json', '[{"n":1},{"n":2}]'],
    ['orders/text', 'text/plain; charset=utf-8', 'one'],
    ['orders/bytes', 'application/x-own', '\0'],
  ] as const) {
    const url = urlOf(server, name)
    const nextOffset = await append({ url }, body, contentType)
    const read = await get(url)
    expect(read.text).toBe(body)
    expect(read.headers.get('content-type')).toBe(contentType)
    expect(read.headers.get('stream-next-offset')).toBe(nextOffset)
    expect(nextOffset).toMatch(name === 'orders/json' ? /_0+2$/ : /_0+[13]$/)
  }
  expect(await namesOn(server)).toEqual(['orders/bytes', 'orders/json', 'orders/text'])
})

test('the second POST finds the channel: another content type is refused as ever', async () => {
  const server = await startWithOrders()
  const url = urlOf(server, 'orders/1')
  await append({ url }, '1')
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' })
  expect([answer.status, await codeOf(answer)]).toEqual([409, 'content-type-mismatch'])
  expect((await get(url)).text).toBe('[1]')
})

test('a first POST may close the channel with its message', async () => {
  const server = await startWithOrders()
  const url = urlOf(server, 'orders/1')
  const headers = { ...json, 'stream-closed': 'true', 'stream-seq': '7' }
  expect((await fetch(url, { method: 'POST', headers, body: '"all"' })).status).toBe(204)
  const read = await get(url)
  expect(read.text).toBe('["all"]')
  expect(read.headers.get('stream-closed')).toBe('true')
})

test('a producer begins on the channel that it makes, and its retry is a duplicate', async () => {
  const server = await startWithOrders()
  const url = urlOf(server, 'orders/1')
  const publish = (seq: number) => {
    const headers = { ...json, 'producer-id': 'p', 'producer-epoch': '3', 'producer-seq': String(seq) }
    return fetch(url, { method: 'POST', headers, body: JSON.stringify(seq) })
  }
  const answers = await Promise.all([publish(0), publish(0)])
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 204])
  expect((await publish(0)).status).toBe(204)
  expect((await publish(1)).status).toBe(200)
  expect((await get(url)).text).toBe('[0,1]')
})

const producer = { 'producer-id': 'p', 'producer-epoch': '0' }

test.each([
  ['without a content type', {}, '{"n":1}', 400, 'content-type-missing'],
  [
    'of a form, which is what curl sends unasked',
    { 'content-type': 'application/x-www-form-urlencoded' },
    '{"n":1}',
    400,
    'content-type-missing',
  ],
  ['of a content type that is none', { 'content-type': 'json' }, '{"n":1}', 400, 'content-type-invalid'],
  ['that is no JSON', json, '{"n":', 400, 'message-invalid'],
  ['of no message', json, '[]', 400, 'message-empty'],
  ['too large', json, JSON.stringify('x'.repeat(1_000)), 413, 'message-too-large'],
  ['coded', { ...json, 'content-encoding': 'gzip' }, '1', 415, 'content-encoding-unknown'],
  [
    'that is not its producer’s first',
    { ...json, ...producer, 'producer-seq': '1' },
    '1',
    409,
    'producer-gap',
  ],
  ['of half a producer', { ...json, ...producer }, '1', 400, 'producer-invalid'],
  ['without a body', json, '', 404, 'channel-unknown'],
  ['that closes and says nothing', { 'stream-closed': 'true' }, '', 404, 'channel-unknown'],
  ['of a foreign page', { ...json, origin: 'https://evil.example' }, '1', 403, 'origin-refused'],
  ['of another site', { ...json, 'sec-fetch-site': 'cross-site' }, '1', 403, 'origin-refused'],
  ['to another host', { ...json, host: 'evil.example' }, '1', 421, 'host-refused'],
])('a POST %s is refused, and makes no channel', async (_, headers, body, status, code) => {
  const server = await startWithOrders({ maxMessageBytes: 500 })
  const answer = await post(urlOf(server, 'orders/1'), headers, body)
  expect([answer.status, answer.code]).toEqual([status, code])
  expect(await namesOn(server)).toEqual([])
})

/** `fetch` sends a content type, a host and a site of its own. */
async function post(url: string, headers: Record<string, string>, body: string) {
  const { origin, pathname } = new URL(url)
  const answer = await ask(origin, { method: 'POST', target: pathname, headers, body })
  return { status: answer.status, code: (JSON.parse(answer.body) as { code: string }).code }
}

test.each(['orders', 'orders/1/2', 'other', 'other/orders/1'])(
  'a POST to %s, which no pattern matches, is 404 and makes nothing',
  async (name) => {
    const server = await startWithOrders()
    const answer = await fetch(urlOf(server, name), { method: 'POST', headers: json, body: '1' })
    expect([answer.status, await codeOf(answer)]).toEqual([404, 'channel-unknown'])
    expect(await namesOn(server)).toEqual([])
  },
)

test('without patterns nothing is made by use', async () => {
  const server = await startTestServer()
  const answer = await fetch(urlOf(server, 'orders/1'), { method: 'POST', headers: json, body: '1' })
  expect(answer.status).toBe(404)
  expect((await get(urlOf(server, 'orders/1'))).status).toBe(404)
  expect(await namesOn(server)).toEqual([])
})

test('an envelope’s publish makes a channel of JSON, and those behind it in the same turn find it', async () => {
  const server = await startWithOrders()
  const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  for (const id of [1, 2, 3]) socket.send({ type: 'publish', id, channel: 'orders/1', messages: [id] })
  const answers = (await socket.has(4))
    .slice(1)
    .map((text) => JSON.parse(text) as { type: string; id: number })
  expect(answers.map(({ type, id }) => [type, id])).toEqual([
    ['published', 1],
    ['published', 2],
    ['published', 3],
  ])
  const read = await get(urlOf(server, 'orders/1'))
  expect([read.text, read.headers.get('content-type')]).toEqual(['[1,2,3]', 'application/json'])
})

test.each([
  ['of no message', { messages: [] }, 'message-empty'],
  ['of bytes', { messages: ['AAAA'], encoding: 'base64' }, 'message-invalid'],
  ['that closes and says nothing', { close: true }, 'channel-unknown'],
  ['that closes with an empty list', { messages: [], close: true }, 'channel-unknown'],
  ['too large', { messages: ['x'.repeat(1_000)] }, 'message-too-large'],
  [
    'that is not its producer’s first',
    { messages: [1], producer: { id: 'p', epoch: 0, seq: 4 } },
    'producer-gap',
  ],
  ['to a name without a pattern', { messages: [1], channel: 'other' }, 'channel-unknown'],
  ['to a reserved name', { messages: [1], channel: '__ds/x' }, 'not-implemented'],
])('an envelope’s publish %s is refused, and makes no channel', async (_, fields, code) => {
  const server = await startWithOrders({ maxMessageBytes: 500 })
  const socket = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  socket.send({ type: 'publish', id: 1, channel: 'orders/1', ...fields })
  expect((await socket.envelope('error')).code).toBe(code)
  expect(await namesOn(server)).toEqual([])
})

test('what a plain socket heard is gone when its channel is deleted: its frames make no other', async () => {
  const server = await startWithOrders()
  const socket = await RawWebSocket.open(urlOf(server, 'orders/1', '?live=websocket'))
  await fetch(urlOf(server, 'orders/1'), { method: 'DELETE' })
  socket.send('1')
  expect(await socket.closed).toEqual({ code: 1008, reason: 'channel-unknown' })
  expect(await namesOn(server)).toEqual([])
})

test('a deleted name is free for a first publish, under another history', async () => {
  const server = await startWithOrders()
  const url = urlOf(server, 'orders/1')
  const first = await append({ url }, '"before"')
  await fetch(url, { method: 'DELETE' })
  const second = await append({ url }, '"after"')
  expect(second.slice(0, 16) > first.slice(0, 16)).toBe(true)
  expect((await get(url)).text).toBe('["after"]')
  expect((await get(`${url}?offset=${first}`)).code).toBe('history-changed')
})

test('a channel that was made by use is there after a restart, and a PUT of its configuration finds it', async () => {
  const data = await temporaryFolder()
  const server = await startWithOrders({ engine: 'disk', data })
  await append({ url: urlOf(server, 'orders/1') }, '1')
  await get(urlOf(server, 'orders/2'))
  await server.close()
  // Without the pattern: they are channels like any other.
  const again = await startTestServer({ engine: 'disk', data })
  expect((await get(urlOf(again, 'orders/1'))).text).toBe('[1]')
  expect((await get(urlOf(again, 'orders/2'))).text).toBe('[]')
  const put = (contentType: string) =>
    fetch(urlOf(again, 'orders/2'), { method: 'PUT', headers: { 'content-type': contentType } })
  expect((await put('application/json')).status).toBe(200)
  expect((await put('text/plain')).status).toBe(409)
})
