import { describe, expect, test } from 'vitest'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire()

let count = 0

/** Asks for a fork of a new name: it is refused, and nothing is made. */
async function expectRefusal(
  headers: Record<string, string | readonly string[]>,
  { status = 400, code = 'fork-invalid' } = {},
): Promise<void> {
  const target = `/v1/stream/fork-${count++}`
  expectProblem(await server.ask({ method: 'PUT', target, headers }), status, code)
  expectProblem(await server.ask({ target }), 404, 'channel-unknown')
}

async function publish(path: string, body: string, contentType = 'application/json'): Promise<string> {
  const headers = { 'content-type': contentType }
  const answer = await server.ask({ method: 'POST', target: path, headers, body })
  expect(answer.status).toBe(204)
  return answer.headers['stream-next-offset'] as string
}

test.each([
  ['of a channel that is not there', '/v1/stream/nowhere', 404, 'channel-unknown'],
  ['of a reserved name', '/v1/stream/__ds/subscriptions', 501, 'not-implemented'],
  ['of a name that is none', '/v1/stream/a/../b', 400, 'channel-name-invalid'],
  ['of an empty name', '/v1/stream/', 400, 'channel-name-invalid'],
  ['of half a character', '/v1/stream/%e2%82', 400, 'channel-name-invalid'],
  ['of what is no channel', '/v1/channels', 400, 'fork-invalid'],
  ['of a bare name', 'cake', 404, 'route-unknown'],
  ['of nothing', '', 400, 'fork-invalid'],
])('a fork %s is refused', async (_, source, status, code) => {
  await expectRefusal({ 'stream-forked-from': source }, { status, code })
})

test('a fork of itself is a fork of a channel that is not there; of one that is there, another channel', async () => {
  const target = '/v1/stream/itself'
  const headers = { 'stream-forked-from': target }
  expectProblem(await server.ask({ method: 'PUT', target, headers }), 404, 'channel-unknown')
  await server.create('itself')
  expectProblem(await server.ask({ method: 'PUT', target, headers }), 409, 'channel-exists')
})

test('a fork of a deleted source is refused with 409, of one that is gone with 404', async () => {
  const source = await server.create('deleted')
  const headers = { 'stream-forked-from': source }
  expect((await server.ask({ method: 'PUT', target: '/v1/stream/its-fork', headers })).status).toBe(201)
  await server.ask({ method: 'DELETE', target: source })
  await expectRefusal(headers, { status: 409, code: 'fork-source-deleted' })
  await server.ask({ method: 'DELETE', target: '/v1/stream/its-fork' })
  await expectRefusal(headers, { status: 404, code: 'channel-unknown' })
})

describe('a fork point', () => {
  test('that is no offset, beyond the tail or of another channel is refused with 400', async () => {
    const source = await server.create('source')
    const tail = await publish(source, '[1,2]')
    const foreign = await publish(await server.create('foreign'), '[1]')
    const [history] = tail.split('_')
    const from = { 'stream-forked-from': source }
    for (const offset of ['tomorrow', '-2', '1_2', `${tail},`, '']) {
      await expectRefusal({ ...from, 'stream-fork-offset': offset }, { code: 'offset-malformed' })
    }
    for (const offset of [`${history}_0000000000000003`, foreign, '0000000000000001_0000000000000001']) {
      await expectRefusal({ ...from, 'stream-fork-offset': offset })
    }
  })

  test.each(['text/plain', 'application/octet-stream'])(
    'within a message of %s is refused with 400',
    async (contentType) => {
      const source = await server.create(`within-${contentType.replace('/', '-')}`, contentType)
      await publish(source, 'cake', contentType)
      const tail = await publish(source, 'more', contentType)
      const [history] = tail.split('_')
      for (const position of [1, 3, 5, 7]) {
        const offset = `${history}_000000000000000${position}`
        await expectRefusal({ 'stream-forked-from': source, 'stream-fork-offset': offset })
      }
    },
  )

  test.each(['-1', '+1', '1.0', '01', '1e0', 'one', '', ' ', '9999999999999999', '4', '1, 1'])(
    'with the sub-offset %j is refused with 400',
    async (subOffset) => {
      const source = await server.create(`sub-offset-${count}`)
      await publish(source, '[1]')
      const headers = { 'stream-forked-from': source, 'stream-fork-offset': 'now' }
      await expectRefusal({ ...headers, 'stream-fork-sub-offset': subOffset })
    },
  )

  test('past the next message of a text or binary channel is refused with 400', async () => {
    for (const contentType of ['text/plain', 'application/octet-stream']) {
      const source = await server.create(`past-${contentType.replace('/', '-')}`, contentType)
      await publish(source, 'cake', contentType)
      await publish(source, 'more', contentType)
      const headers = { 'stream-forked-from': source, 'stream-fork-offset': '-1' }
      await expectRefusal({ ...headers, 'stream-fork-sub-offset': '5' })
    }
  })

  test('without a source is refused with 400', async () => {
    await expectRefusal({ 'stream-fork-offset': '-1' })
    await expectRefusal({ 'stream-fork-sub-offset': '0' })
  })
})

test('a content type that is not the source’s, or that makes another kind of it, is refused with 409', async () => {
  const source = await server.create('typed', 'text/plain')
  const refusal = { status: 409, code: 'content-type-mismatch' }
  for (const contentType of ['application/json', 'text/html', 'application/octet-stream']) {
    await expectRefusal({ 'stream-forked-from': source, 'content-type': contentType }, refusal)
  }
})

test('first messages that the fork could not hold are refused, and no fork is made', async () => {
  const source = await server.create('holds-json')
  const headers = { 'stream-forked-from': source, 'content-type': 'application/json' }
  const target = '/v1/stream/not-json'
  expectProblem(await server.ask({ method: 'PUT', target, headers, body: '[1' }), 400, 'message-invalid')
  expectProblem(await server.ask({ target }), 404, 'channel-unknown')
  // Not counted: the source goes at once.
  await server.ask({ method: 'DELETE', target: source })
  expectProblem(await server.ask({ target: source }), 404, 'channel-unknown')
})

test.each([
  ['both lifetimes', { 'stream-ttl': '60', 'stream-expires-at': '2100-01-01T00:00:00Z' }],
  ['a time in the past', { 'stream-expires-at': '2020-01-01T00:00:00Z' }],
  ['the first of all times', { 'stream-expires-at': '1970-01-01T00:00:00Z' }],
  ['a day that is none', { 'stream-expires-at': '2100-02-30T00:00:00Z' }],
  ['an hour that is none', { 'stream-expires-at': '2100-02-01T25:00:00Z' }],
  ['a time of no zone', { 'stream-expires-at': '2100-02-01T00:00:00' }],
  ['a day without a time', { 'stream-expires-at': '2100-02-01' }],
  ['a time in words', { 'stream-expires-at': 'Fri, 01 Jan 2100 00:00:00 GMT' }],
  ['a time to live of less than nothing', { 'stream-ttl': '-1' }],
  ['a time to live in words', { 'stream-ttl': '1h' }],
  ['a time to live with a fraction', { 'stream-ttl': '1.5' }],
  ['a time to live past all bounds', { 'stream-ttl': '9999999999999' }],
])('%s is no lifetime: 400, of a channel and of a fork', async (_, headers) => {
  const source = await server.create(`lifetimes-${count}`)
  const refusal = { code: 'lifetime-invalid' }
  await expectRefusal({ ...headers }, refusal)
  await expectRefusal({ ...headers, 'stream-forked-from': source }, refusal)
})
