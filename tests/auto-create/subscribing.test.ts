import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { EnvelopeStream, poll, streamsUrl } from '../streams/support.js'
import { append, get } from '../support/fork.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { ask } from '../support/raw-connection.js'
import { upgradeHeaders } from '../support/raw-websocket.js'
import { isListening, statsOf } from '../support/stats.js'
import { hearUntil, messagesIn } from '../support/ways.js'
import { namesOn, startWithOrders, urlOf } from './support.js'

describe.each(ways)('by %s', (way) => {
  test.each([{ offset: '-1' }, { offset: 'now' }, { last: 5 }, { since: '2030-01-31T12:00:00Z' }])(
    'a first reader from %j makes the channel, and hears the first message',
    async (start) => {
      const server = await startWithOrders({ longPollMs: 2_000 })
      const address = { server: server.url, channel: 'orders/1' }
      // One at the tail of a channel that is empty is told so; what comes then is its first message.
      const heard = hearUntil(address, { way, ...start }, (batches) => messagesIn(batches).length > 0)
      await statsOf(server).until(isListening[way])
      await append({ url: urlOf(server, 'orders/1') }, '{"first":true}')
      expect(messagesIn(await heard)).toEqual(['{"first":true}'])
      expect((await get(urlOf(server, 'orders/1'))).headers.get('content-type')).toBe('application/json')
    },
  )
})

const live = { headers: {}, status: 400 }
const given = '0000000000000007_0000000000000003'

test.each([
  ['offset=soon', { ...live, code: 'offset-malformed' }],
  ['offset=-1&last=3', { ...live, code: 'start-ambiguous' }],
  ['last=many', { ...live, code: 'offset-malformed' }],
  ['live=sse', { ...live, code: 'offset-missing' }],
  ['live=long-poll', { ...live, code: 'offset-missing' }],
  ['live=carrier-pigeon&offset=-1', { ...live, code: 'live-unknown' }],
  ['live=long-poll&offset=-1&timeout=soon', { ...live, code: 'timeout-invalid' }],
  ['live=sse&offset=-1&events=all', { ...live, code: 'events-unknown' }],
  ['live=websocket', { ...live, status: 426, code: 'upgrade-required' }],
  ['before=now&last=3', { ...live, status: 404, code: 'channel-unknown' }],
  ['before=now', { ...live, code: 'start-ambiguous' }],
  // Who has an offset heard a channel that was there.
  [`offset=${given}`, { ...live, status: 404, code: 'channel-unknown' }],
  [`live=long-poll&offset=${given}`, { ...live, status: 404, code: 'channel-unknown' }],
  ['live=sse&offset=-1', { headers: { 'last-event-id': given }, status: 404, code: 'channel-unknown' }],
  ['live=sse&offset=-1', { headers: { 'last-event-id': 'x' }, status: 400, code: 'offset-malformed' }],
  ['offset=-1', { headers: { origin: 'https://evil.example' }, status: 403, code: 'origin-refused' }],
  ['offset=-1', { headers: { 'sec-fetch-site': 'cross-site' }, status: 403, code: 'origin-refused' }],
  ['offset=-1', { headers: { host: 'evil.example' }, status: 421, code: 'host-refused' }],
  [
    'live=websocket',
    {
      headers: { ...upgradeHeaders, origin: 'https://evil.example' },
      status: 403,
      code: 'origin-refused',
    },
  ],
  [
    'live=websocket',
    { headers: { ...upgradeHeaders, 'sec-websocket-version': '12' }, status: 426, code: 'upgrade-required' },
  ],
  ['live=websocket&offset=soon', { headers: { ...upgradeHeaders }, status: 400, code: 'offset-malformed' }],
] as const)('GET ?%s is refused (%j), and makes no channel', async (query, { headers, status, code }) => {
  const server = await startWithOrders()
  const answer = await ask(server.url, { target: `/v1/stream/orders/1?${query}`, headers })
  expect([answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([status, code])
  expect(await namesOn(server)).toEqual([])
})

test.each(['HEAD', 'DELETE'])('%s makes no channel', async (method) => {
  const server = await startWithOrders()
  expect((await fetch(urlOf(server, 'orders/1'), { method })).status).toBe(404)
  expect(await namesOn(server)).toEqual([])
})

test('a name that no pattern matches is 404, on every way', async () => {
  const server = await startWithOrders()
  for (const query of ['', '?live=long-poll&offset=-1', '?live=sse&offset=-1']) {
    expect(await get(urlOf(server, 'other', query))).toMatchObject({ status: 404, code: 'channel-unknown' })
  }
  await expect(RawWebSocket.open(urlOf(server, 'other', '?live=websocket'))).rejects.toThrow('404')
  expect(await namesOn(server)).toEqual([])
})

test('a browser that comes back to a deleted channel does not make it again', async () => {
  const server = await startWithOrders()
  const url = urlOf(server, 'orders/1', '?live=sse&offset=now&events=message')
  const stream = (await RawEventStream.open(url)).read()
  const [, id] = await stream.has(/^id:(.*)\n\n/m)
  await fetch(urlOf(server, 'orders/1'), { method: 'DELETE' })
  await stream.ended
  expect((await get(url, { 'last-event-id': id as string })).status).toBe(404)
  expect(await namesOn(server)).toEqual([])
})

describe('over a socket of tidings.v1', () => {
  async function open(server: { readonly url: string }) {
    return await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  }

  test('a subscription makes the channel, and hears what another publishes', async () => {
    const server = await startWithOrders()
    const socket = await open(server)
    socket.send({ type: 'subscribe', channel: 'orders/1' })
    expect(await socket.envelope('data')).toMatchObject({ channel: 'orders/1', messages: [], upToDate: true })
    await append({ url: urlOf(server, 'orders/1') }, '7')
    const [, , news] = await socket.has(3)
    expect(JSON.parse(news as string)).toMatchObject({ type: 'data', messages: [7] })
  })

  test('one that is given up before the channel is kept hears nothing, and another may follow at once', async () => {
    const server = await startWithOrders()
    const socket = await open(server)
    for (const type of ['subscribe', 'subscribe', 'unsubscribe', 'subscribe'])
      socket.send({ type, channel: 'orders/1' })
    const [, ...answers] = (await socket.has(4)).map(
      (text) => JSON.parse(text) as { type: string; code?: string },
    )
    expect(answers.map(({ type, code }) => code ?? type)).toEqual([
      'subscription-exists',
      'unsubscribed',
      'data',
    ])
  })

  test.each([
    [{ offset: 'soon' }, 'offset-malformed'],
    [{ offset: '-1', last: 3 }, 'start-ambiguous'],
    [{ offset: given }, 'channel-unknown'],
    [{ channel: 'other' }, 'channel-unknown'],
    [{ channel: 'orders//1' }, 'channel-name-invalid'],
  ])('a subscription with %j is refused, and makes no channel', async (fields, code) => {
    const server = await startWithOrders()
    const socket = await open(server)
    socket.send({ type: 'subscribe', channel: 'orders/1', ...fields })
    expect((await socket.envelope('error')).code).toBe(code)
    expect(await namesOn(server)).toEqual([])
  })
})

describe('several channels on one response', () => {
  test('those that are not there are made, on every way; those that may not be are told', async () => {
    for (const way of ['short-poll', 'long-poll']) {
      const server = await startWithOrders()
      const starts = { 'orders/1': '-1', other: 'now', 'orders/2': 'now', 'orders/3': given }
      const { envelopes } = await poll(streamsUrl(server, starts, way === 'long-poll' ? { live: way } : {}))
      expect(envelopes.map(({ type, channel, code }) => [channel, code ?? type])).toEqual([
        ['orders/1', 'data'],
        ['other', 'channel-unknown'],
        ['orders/2', 'data'],
        ['orders/3', 'channel-unknown'],
      ])
      expect(await namesOn(server)).toEqual(['orders/1', 'orders/2'])
    }
  })

  test('an event stream hears the first message of a channel that it made', async () => {
    const server = await startWithOrders()
    const stream = await EnvelopeStream.open(
      streamsUrl(server, { 'orders/1': 'now', 'orders/2': '-1' }, { live: 'sse' }),
    )
    await stream.isUpToDate('orders/1', 'orders/2')
    await append({ url: urlOf(server, 'orders/2') }, '"first"')
    await stream.until(() => stream.messagesOf('orders/2').length > 0)
    expect(stream.messagesOf('orders/2')).toEqual(['first'])
  })

  test.each([
    'stream=orders/1@-1&stream=orders/1@now',
    'stream=orders/1@-1&stream=orders/2@soon',
    'stream=orders/1@-1&stream=/bad@-1',
    'stream=orders/1&live=sse',
    'stream=orders/1@-1&live=long-poll&timeout=soon',
    'stream=orders/1@-1&events=message',
  ])('%s is refused as a whole, and makes no channel', async (query) => {
    const server = await startWithOrders()
    expect((await get(`${server.url}/v1/streams?${query}`)).status).toBe(400)
    expect(await namesOn(server)).toEqual([])
  })
})
