import { describe, expect, test } from 'vitest'
import { upgradeHeaders } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire({ maxNameBytes: 100 })

const get = (query: string, headers: Record<string, string> = {}) =>
  server.ask({ target: `/v1/streams${query}`, headers })

const offset = '1795552217508000_0000000000000003'
const named = (count: number) => Array.from({ length: count }, (_, index) => `stream=c${index}@-1`).join('&')

describe('a request of several channels that can not be meant', () => {
  test.each([
    ['', 400, 'streams-missing'],
    ['?live=sse', 400, 'streams-missing'],
    ['?live=nothing&stream=cake@-1', 400, 'live-unknown'],
    ['?live=websocket&stream=cake@-1', 400, 'live-unknown'],
    ['?live=sse&live=sse&stream=cake@-1', 400, 'live-unknown'],
    [`?${named(65)}`, 400, 'streams-too-many'],
    [`?live=sse&${named(65)}`, 400, 'streams-too-many'],
    [`?live=long-poll&${named(200)}`, 400, 'streams-too-many'],
    ['?stream=cake@-1&stream=cake@now', 400, 'streams-repeated'],
    ['?stream=cake@-1&stream=c%61ke@-1', 400, 'streams-repeated'],
    ['?live=sse&stream=cake@-1&stream=tea&stream=cake', 400, 'streams-repeated'],
    ['?stream=', 400, 'channel-name-invalid'],
    ['?stream', 400, 'channel-name-invalid'],
    ['?stream=@-1', 400, 'channel-name-invalid'],
    ['?stream=cake@-1&stream=a//b@-1', 400, 'channel-name-invalid'],
    ['?stream=..@-1', 400, 'channel-name-invalid'],
    ['?stream=a%00b@-1', 400, 'channel-name-invalid'],
    ['?stream=%FF@-1', 400, 'channel-name-invalid'],
    ['?stream=%@-1', 400, 'channel-name-invalid'],
    [`?stream=${'n'.repeat(101)}@-1`, 400, 'channel-name-invalid'],
    ['?stream=__ds/x@-1', 501, 'not-implemented'],
    ['?stream=me@home', 400, 'offset-malformed'],
    ['?stream=cake@-2', 400, 'offset-malformed'],
    ['?stream=cake@ended', 400, 'offset-malformed'],
    [`?stream=cake@${offset},${offset}`, 400, 'offset-malformed'],
    ['?stream=cake&last=-1', 400, 'offset-malformed'],
    ['?stream=cake&last=1&last=1', 400, 'offset-malformed'],
    ['?stream=cake&since=yesterday', 400, 'offset-malformed'],
    ['?stream=cake&live=sse', 400, 'offset-missing'],
    ['?stream=tea@-1&stream=cake@&live=long-poll', 400, 'offset-missing'],
    ['?stream=cake&last=1&since=2030-01-31T12:00:00Z', 400, 'start-ambiguous'],
    ['?stream=cake@-1&last=1', 400, 'start-ambiguous'],
    ['?stream=cake@-1&offset=-1', 400, 'start-ambiguous'],
    ['?stream=cake&before=now&last=1', 400, 'start-ambiguous'],
    ['?stream=cake@-1&offsets', 400, 'query-invalid'],
    ['?stream=cake@-1&offsets=yes', 400, 'query-invalid'],
    ['?stream=cake@-1&live=sse&offsets=TRUE', 400, 'query-invalid'],
    ['?stream=cake@-1&live=long-poll&offsets=1', 400, 'query-invalid'],
    ['?stream=cake@-1&offsets=true&offsets=true', 400, 'query-invalid'],
    ['?stream=cake@-1&live=sse&events=message', 400, 'events-unknown'],
    ['?stream=cake@-1&live=long-poll&timeout=soon', 400, 'timeout-invalid'],
    ['?stream=cake@-1&live=long-poll&timeout=-1', 400, 'timeout-invalid'],
    ['?stream=cake@-1&live=long-poll&timeout=1.5', 400, 'timeout-invalid'],
  ])('%s is %i %s', async (query, status, code) => {
    expectProblem(await get(query), status, code)
  })

  test.each([
    offset,
    `${offset},${offset},${offset}`,
    `${offset},`,
    `${offset} ${offset}`,
    `${offset},nonsense`,
    'ended',
    'ended,ENDED',
    ','.repeat(1000),
  ])('Last-Event-ID %j of two streams is no place of theirs', async (lastEventId) => {
    const query = '?stream=cake@-1&stream=tea@-1&live=sse'
    expectProblem(await get(query, { 'last-event-id': lastEventId }), 400, 'vector-malformed')
  })

  test('an empty Last-Event-ID is none, as browsers have it', async () => {
    const answer = await get('?stream=cake&live=sse', { 'last-event-id': '' })
    expectProblem(answer, 400, 'offset-missing')
  })

  test.each(['HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'])('%s is 405', async (method) => {
    const answer = await server.ask({ method, target: '/v1/streams?stream=cake@-1' })
    expectProblem(answer, 405, 'method-not-allowed', method === 'HEAD')
    expect(answer.headers.allow).toBe('GET, OPTIONS')
  })

  test('an upgrade is refused, and says where sockets are', async () => {
    const answer = await get('?stream=cake@-1&live=sse', upgradeHeaders)
    expectProblem(answer, 400, 'live-unknown')
    expect(answer.body).toContain('/v1/socket')
  })
})

test('64 channels are taken, whatever becomes of each', async () => {
  const answer = await get(`?${named(64)}`)
  expect(answer.status).toBe(200)
  const codes = (JSON.parse(answer.body) as { code: string }[]).map(({ code }) => code)
  expect(codes).toEqual(Array.from({ length: 64 }, () => 'channel-unknown'))
})

describe('who may ask', () => {
  test.each([
    [{ host: 'evil.example' }, 421, 'host-refused'],
    [{ origin: 'http://evil.example' }, 403, 'origin-refused'],
    [{ 'sec-fetch-site': 'cross-site' }, 403, 'origin-refused'],
  ] as const)('%j is refused on every way', async (headers, status, code) => {
    for (const live of ['', '&live=sse', '&live=long-poll']) {
      expectProblem(await get(`?stream=cake@-1${live}`, headers), status, code)
    }
  })

  test('a page of an allowed origin may read, and is told so', async () => {
    await server.create('cake')
    const origin = 'http://localhost:5173'
    for (const query of ['?stream=cake@-1', '?stream=cake@-1&live=long-poll&timeout=0']) {
      const { status, headers } = await get(query, { origin })
      expect({ status, ...headers }).toMatchObject({ status: 200, 'access-control-allow-origin': origin })
    }
  })
})
