import { expect, test } from 'vitest'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire()

let count = 0

/** Sends a body to a new channel by POST, and to another by PUT: both refuse it, and nothing is kept. */
async function expectRefusal(
  contentType: string,
  body: string | Uint8Array,
  { status = 400, code = 'message-invalid' } = {},
): Promise<void> {
  const name = `body-${count++}`
  const path = await server.create(name, contentType)
  const headers = { 'content-type': contentType }
  expectProblem(await server.ask({ method: 'POST', target: path, headers, body }), status, code)
  const held = await server.ask({ method: 'HEAD', target: path })
  expect(held.headers['stream-next-offset']).toMatch(/_0000000000000000$/)
  const put = await server.ask({ method: 'PUT', target: `${path}-put`, headers, body })
  expectProblem(put, status, code)
  expectProblem(await server.ask({ target: `${path}-put` }), 404, 'channel-unknown')
}

test.each([
  ['a word', 'cake'],
  ['an array that does not end', '[1,2'],
  ['a string that does not end', '"cake'],
  ['two values', '1 2'],
  ['lines of JSON', '{"a":1}\n{"a":2}\n'],
  ['trailing garbage', '[1]]'],
  ['trailing garbage after white space', '{"a":1} x'],
  ['a trailing comma', '[1,]'],
  ['a leading comma', '[,1]'],
  ['single quotes', "['cake']"],
  ['a comment', '[1] // cake'],
  ['NaN', '[NaN]'],
  ['a leading zero', '[01]'],
  ['a byte order mark', '\ufeff[1]'],
  ['a NUL', '[1]\0'],
  ['a NUL in a string', '["a\0b"]'],
  ['a line break in a string', '["a\nb"]'],
  ['an escape that is none', '["\\x41"]'],
  ['half an escape', '["\\u12"]'],
  ['white space only', ' \n\t '],
  ['white space that JSON does not know', '\u00a0[1]'],
  ["100,000 '['", '['.repeat(100_000)],
  ["100,000 '[' and ']'", '['.repeat(100_000) + ']'.repeat(100_000)],
  ['100,000 \'{"a":\'', '{"a":'.repeat(100_000)],
])('%s is not JSON that a channel keeps: 400', async (_, body) => {
  await expectRefusal('application/json', body)
})

test.each([
  ['a lone continuation byte', [0x22, 0x80, 0x22]],
  ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
  ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ['half a character', [0x22, 0xe2, 0x82, 0x22]],
  ['a byte that UTF-8 does not have', [0x22, 0xff, 0x22]],
  ['past the last code point', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ['UTF-16', [0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00]],
])('%s is not UTF-8: 400 in JSON and in text', async (_, bytes) => {
  await expectRefusal('application/json', Buffer.from(bytes))
  await expectRefusal('text/plain', Buffer.from(bytes))
})

test('one bad value keeps the good ones beside it from being appended', async () => {
  await expectRefusal('application/json', '[1,2,{"a":}]')
})

test('what only looks wrong is kept as it was sent', async () => {
  const path = await server.create('odd')
  const values = [
    '"\\ud800"',
    '"\\u0000"',
    '{"__proto__":1,"__proto__":2}',
    '1e999',
    '-0',
    '[]',
    '[[]]',
    '{}',
    'null',
  ]
  const headers = { 'content-type': 'application/json' }
  const body = ` [ ${values.join(' ,\n')} ] `
  expect((await server.ask({ method: 'POST', target: path, headers, body })).status).toBe(204)
  expect(await server.contents('odd')).toBe(`[${values.join(',')}]`)
})

test('nothing to append is refused: an empty body, an empty array', async () => {
  const path = await server.create('nothing')
  for (const body of ['', '[]', ' [ ] ']) {
    const headers = { 'content-type': 'application/json' }
    expectProblem(await server.ask({ method: 'POST', target: path, headers, body }), 400, 'message-empty')
  }
  expectProblem(await server.ask({ method: 'POST', target: path }), 400, 'message-empty')
  const close = { 'content-type': 'application/json', 'stream-closed': 'true' }
  expectProblem(
    await server.ask({ method: 'POST', target: path, headers: close, body: '[]' }),
    400,
    'message-empty',
  )
  expect((await server.ask({ method: 'HEAD', target: path })).headers).not.toHaveProperty('stream-closed')
})

test('an empty array within the array is a message', async () => {
  const path = await server.create('nested-empties')
  const headers = { 'content-type': 'application/json' }
  expect((await server.ask({ method: 'POST', target: path, headers, body: '[[],[[]]]' })).status).toBe(204)
  expect(await server.contents('nested-empties')).toBe('[[],[[]]]')
})

test('a content type that is not the channel’s is refused with 409, none with 400', async () => {
  const path = await server.create('types')
  for (const contentType of [
    'text/plain',
    'application/octet-stream',
    'application/jsonl',
    'nonsense',
    'a/b, c/d',
  ]) {
    const headers = { 'content-type': contentType }
    expectProblem(
      await server.ask({ method: 'POST', target: path, headers, body: '[1]' }),
      409,
      'content-type-mismatch',
    )
  }
  expectProblem(await server.ask({ method: 'POST', target: path, body: '[1]' }), 400, 'content-type-missing')
  const empty = { 'content-type': '' }
  expectProblem(
    await server.ask({ method: 'POST', target: path, headers: empty, body: '[1]' }),
    400,
    'content-type-missing',
  )
  const other = { 'content-type': 'Application/JSON ; charset=utf-8' }
  expect((await server.ask({ method: 'POST', target: path, headers: other, body: '[1]' })).status).toBe(204)
})

test.each([
  '',
  'json',
  '/json',
  'application/',
  'a b/c',
  'text/plain\tx',
  'text/plain, text/html',
  `a/${'b'.repeat(300)}`,
])('a channel can not be made of %j: 400', async (contentType) => {
  const answer = await server.ask({
    method: 'PUT',
    target: '/v1/stream/never-made',
    headers: { 'content-type': contentType },
  })
  expectProblem(answer, 400, 'content-type-invalid')
})

test('a channel that exists with another configuration is not made again: 409', async () => {
  const path = await server.create('made')
  const others: Record<string, string>[] = [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json', 'stream-closed': 'true' },
    { 'content-type': 'application/json', 'stream-ttl': '60' },
  ]
  for (const headers of others) {
    expectProblem(await server.ask({ method: 'PUT', target: path, headers }), 409, 'channel-exists')
  }
})

test.each(['gzip', 'br', 'gzip, identity', 'x'])(
  'a body in the coding %s is refused with 415: it would be kept as it is',
  async (coding) => {
    const path = await server.create(`coding-${count++}`, 'application/octet-stream')
    const headers = { 'content-type': 'application/octet-stream', 'content-encoding': coding }
    for (const method of ['POST', 'PUT']) {
      const answer = await server.ask({ method, target: path, headers, body: 'cake' })
      expectProblem(answer, 415, 'content-encoding-unknown')
    }
  },
)

test.each([
  ['stream-ttl', '-1'],
  ['stream-ttl', '+60'],
  ['stream-ttl', '060'],
  ['stream-ttl', '1.5'],
  ['stream-ttl', '1e3'],
  ['stream-ttl', ''],
  ['stream-ttl', '9'.repeat(20)],
  ['stream-expires-at', 'tomorrow'],
  ['stream-expires-at', ''],
  ['stream-expires-at', '2030-01-31'],
  ['stream-expires-at', '2030-13-31T12:00:00Z'],
  ['stream-expires-at', '2030-02-31T12:00:00Z'],
  ['stream-expires-at', '2030-01-31T25:00:00Z'],
  ['stream-expires-at', '2030-01-31T12:00:00'],
])('%s: %s is no lifetime: 400', async (name, value) => {
  const headers = { 'content-type': 'application/json', [name]: value }
  const answer = await server.ask({ method: 'PUT', target: '/v1/stream/no-life', headers })
  expectProblem(answer, 400, 'lifetime-invalid')
})

test('two lifetimes are one too many: 400', async () => {
  const headers = { 'stream-ttl': '60', 'stream-expires-at': '2030-01-31T12:00:00Z' }
  const answer = await server.ask({ method: 'PUT', target: '/v1/stream/no-life', headers })
  expectProblem(answer, 400, 'lifetime-invalid')
})

test('what is appended to a closed channel is refused, whatever else is wrong with it', async () => {
  const path = await server.create('closed')
  await server.ask({ method: 'POST', target: path, headers: { 'stream-closed': 'true' } })
  for (const contentType of ['application/json', 'text/plain']) {
    const headers = { 'content-type': contentType }
    const answer = await server.ask({ method: 'POST', target: path, headers, body: '[1]' })
    expectProblem(answer, 409, 'channel-closed')
    expect(answer.headers).toMatchObject({
      'stream-closed': 'true',
      'stream-next-offset': expect.any(String),
    })
  }
})

test('a Stream-Seq that does not grow is refused with 409', async () => {
  const path = await server.create('sequence')
  const append = (seq: string) =>
    server.ask({
      method: 'POST',
      target: path,
      headers: { 'content-type': 'application/json', 'stream-seq': seq },
      body: '[1]',
    })
  expect((await append('b')).status).toBe(204)
  for (const seq of ['b', 'a', 'ab', 'B', '']) expectProblem(await append(seq), 409, 'sequence-regression')
  expect((await append('ba')).status).toBe(204)
})
