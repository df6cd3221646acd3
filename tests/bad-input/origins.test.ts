import { describe, expect, test } from 'vitest'
import { ask } from '../support/raw-connection.js'
import { upgradeHeaders } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire({ allowOrigin: ['https://app.example'] })

const json = { 'content-type': 'application/json' }

/** Every way to read and write a channel. */
const requests = [
  { method: 'GET', query: '?offset=-1' },
  { method: 'GET', query: '?offset=-1&live=long-poll' },
  { method: 'GET', query: '?offset=-1&live=sse' },
  { method: 'GET', query: '?live=websocket', headers: upgradeHeaders },
  { method: 'HEAD' },
  { method: 'POST', headers: json, body: '["foreign"]' },
  { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '["foreign"]' },
  { method: 'POST', headers: { 'stream-closed': 'true' } },
  { method: 'PUT', headers: json },
  { method: 'DELETE' },
]

async function expectRefusal(
  headers: Record<string, string>,
  status: number,
  code: string,
  name: string,
): Promise<void> {
  const path = await server.create(name)
  const sockets = ['/v1/socket', `${path}?live=websocket`].map((target) => ({
    method: 'GET',
    target,
    headers: { ...upgradeHeaders, 'sec-websocket-protocol': 'tidings.v1', ...headers },
  }))
  const others = ['/', '/v1/stats', '/v1/channels', '/nowhere', '/v1/stream/..'].map((target) => ({
    method: 'GET',
    target,
    headers,
  }))
  const all = requests.map((request) => ({
    ...request,
    target: `${path}${request.query ?? ''}`,
    headers: { ...request.headers, ...headers },
  }))
  for (const request of [...all, ...sockets, ...others]) {
    const answer = await server.ask(request)
    expectProblem(answer, status, code, request.method === 'HEAD')
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.headers.vary).toBe('origin')
  }
  // The channel is there, open, and as empty as it was.
  expect(await server.contents(name)).toBe('[]')
  expect((await server.ask({ method: 'HEAD', target: path })).headers).not.toHaveProperty('stream-closed')
}

describe('a page of an origin that is not listed can neither read nor write', () => {
  test.each([
    'http://evil.example',
    'null',
    '',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.example#localhost',
    'http://user@localhost',
    'https://app.example:8443',
    'http://app.example',
    'https://app.example.evil.example',
    'https://app.example, http://evil.example',
  ])('%j', async (origin) => {
    await expectRefusal({ origin }, 403, 'origin-refused', `refused-${Buffer.from(origin).toString('hex')}`)
  })

  test('and its look-alikes do not become one by coming twice', async () => {
    const path = await server.create('twice')
    const origin = ['https://app.example', 'http://evil.example']
    for (const order of [origin, origin.toReversed()]) {
      const headers = { ...json, origin: order }
      const answer = await server.ask({ method: 'POST', target: path, headers, body: '["foreign"]' })
      expectProblem(answer, 403, 'origin-refused')
    }
    expect(await server.contents('twice')).toBe('[]')
  })
})

test('a request of a foreign page that tells no origin is refused by what the browser says of its site', async () => {
  await expectRefusal({ 'sec-fetch-site': 'cross-site' }, 403, 'origin-refused', 'cross-site')
})

test('a name that somebody has pointed at this machine is no host of it: 421', async () => {
  for (const [index, host] of [
    'evil.example',
    'evil.example:4437',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    '169.254.169.254',
    'localhost@evil.example',
    '',
  ].entries()) {
    await expectRefusal({ host }, 421, 'host-refused', `rebound-${index}`)
    await expectRefusal(
      { host, origin: `http://${host}` },
      421,
      'host-refused',
      `rebound-${index}-with-origin`,
    )
  }
})

test('this machine has many names, and tunnels keep their ports', async () => {
  for (const host of [
    'localhost',
    'localhost:1',
    '127.0.0.1:65535',
    '[::1]:4437',
    '[::ffff:127.0.0.1]',
    'LOCALHOST.',
  ]) {
    expect((await server.ask({ target: '/', headers: { host } })).status).toBe(200)
  }
})

test.each([
  'https://app.example',
  'http://localhost',
  'http://localhost:3000',
  'https://127.0.0.1:8443',
  'http://[::1]:1',
])('a page of %s can read and write, and read what it is answered', async (origin) => {
  const name = `allowed-${Buffer.from(origin).toString('hex')}`
  const path = await server.create(name)
  const answers = [
    await server.ask({ method: 'POST', target: path, headers: { ...json, origin }, body: '[1]' }),
    await server.ask({ target: `${path}?offset=-1`, headers: { origin, 'sec-fetch-site': 'cross-site' } }),
    await server.ask({ target: `${path}?offset=-1&live=sse`, headers: { origin } }),
    await server.ask({ target: `${path}?offset=x`, headers: { origin } }),
    await server.ask({ target: '/nowhere', headers: { origin } }),
    await server.ask({
      method: 'POST',
      target: path,
      headers: { ...json, origin, expect: '100-continue', 'content-length': '99999999' },
    }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([204, 200, 200, 400, 404, 413])
  for (const { headers } of answers) {
    expect(headers['access-control-allow-origin']).toBe(origin)
    expect(headers.vary).toMatch(/^origin(?:, accept-encoding)?$/)
    for (const exposed of ['stream-next-offset', 'stream-closed', 'producer-epoch', 'etag', 'location']) {
      expect(headers['access-control-expose-headers']).toContain(exposed)
    }
  }
  const socket = await server.ask({ target: '/v1/socket', headers: { ...upgradeHeaders, origin } })
  expectProblem(socket, 426, 'upgrade-required')
  expect(
    (await ask(server.url, { target: `${path}?live=websocket`, headers: { ...upgradeHeaders, origin } }))
      .status,
  ).toBe(101)
  await server.ask({ method: 'DELETE', target: path, headers: { origin } })
})

test('the answer that nothing is new says whom it may be told, and that it varies', async () => {
  const path = await server.create('unchanged')
  const first = await server.ask({ target: `${path}?offset=-1` })
  expect(first.headers.vary).toBe('origin')
  const headers = { origin: 'https://app.example', 'if-none-match': first.headers.etag as string }
  const answer = await server.ask({ target: `${path}?offset=-1`, headers })
  expect(answer).toMatchObject({
    status: 304,
    headers: { vary: 'origin', 'access-control-allow-origin': 'https://app.example' },
  })
})

test('a preflight is always answered; whether the origin may is told by one header only', async () => {
  const askedHeaders = {
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'producer-id',
  }
  for (const [origin, isAllowed] of [
    ['https://app.example', true],
    ['http://localhost:5173', true],
    ['http://evil.example', false],
    ['null', false],
  ] as const) {
    for (const target of ['/v1/stream/nobody', '/v1/stream/..', '/v1/stats', '/nowhere', '*']) {
      const answer = await server.ask({ method: 'OPTIONS', target, headers: { origin, ...askedHeaders } })
      expect(answer.status).toBe(204)
      expect(answer.headers['access-control-allow-origin']).toBe(isAllowed ? origin : undefined)
      expect(answer.headers['access-control-allow-methods']).toBe('GET, HEAD, PUT, POST, DELETE, OPTIONS')
      for (const name of ['content-type', 'if-none-match', 'last-event-id', 'producer-id', 'stream-closed']) {
        expect(answer.headers['access-control-allow-headers']?.split(', ')).toContain(name)
      }
      expect(answer.headers.vary).toBe('origin')
    }
  }
})

test.each(['text/html', 'Text/HTML; charset=utf-8', 'image/svg+xml', 'application/xhtml+xml', 'text/xml'])(
  'what was published as %s is no page of the server: browsers show it in a sandbox',
  async (contentType) => {
    const path = await server.create(`page-${Buffer.from(contentType).toString('hex')}`, contentType)
    const headers = { 'content-type': contentType }
    await server.ask({ method: 'POST', target: path, headers, body: '<script>alert(1)</script>' })
    for (const live of ['', '&live=long-poll']) {
      const answer = await server.ask({ target: `${path}?offset=-1${live}` })
      expect(answer).toMatchObject({ status: 200, headers: { 'content-security-policy': 'sandbox' } })
    }
  },
)
