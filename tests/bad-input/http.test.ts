import { expect, test } from 'vitest'
import { ask, RawConnection, requestBytes } from '../support/raw-connection.js'
import { frameBytes, frameOf, upgradeHeaders } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

const server = serverUnderFire({ longPollMs: 300 })

async function answerTo(bytes: string | Uint8Array) {
  const connection = await RawConnection.open(server.url)
  connection.send(bytes)
  const answer = await connection.answer()
  await connection.gone()
  return answer
}

test.each([
  ['what is not HTTP', 'hello\r\n\r\n'],
  ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
  ['another version', 'GET / HTTP/3.7\r\nHost: localhost\r\n\r\n'],
  ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a space in the target', 'GET /v1/stream/a b HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a NUL in the target', 'GET /v1/stream/a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n'],
  ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n'],
  ['a length that is no number', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n'],
  ['a negative length', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'an unknown transfer coding',
    'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  ],
])('%s answers 400 and closes', async (_, bytes) => {
  expectProblem(await answerTo(bytes), 400, 'request-malformed')
})

test.each([
  ['no Host in HTTP/1.1', []],
  ['two Hosts', ['localhost', '127.0.0.1']],
])('%s answers 400', async (_, host) => {
  expectProblem(await server.ask({ target: '/', headers: { host } }), 400, 'request-malformed')
})

test('headers over 16 KiB answer 431 and close, though more of them come', async () => {
  const connection = await RawConnection.open(server.url)
  connection.send('GET / HTTP/1.1\r\nHost: localhost\r\n')
  for (let index = 0; index < 400; index++) connection.send(`X-${index}: ${'x'.repeat(4096)}\r\n`)
  expectProblem(await connection.answer(), 431, 'header-too-large')
  await connection.gone()
})

test('a broken chunk in a body answers 400 and appends nothing', async () => {
  const path = await server.create('broken-chunk')
  const connection = await RawConnection.open(server.url)
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
  connection.send(requestBytes(server.url, { method: 'POST', target: path, headers }))
  connection.send('3\r\n[1]\r\nnonsense\r\n')
  expectProblem(await connection.answer(), 400, 'request-malformed')
  expect(await server.contents('broken-chunk')).toBe('[]')
})

test.each(['gzip, chunked', 'x-cake, chunked', 'GZIP , Chunked'])(
  'a body in the transfer coding %s is 501, appends nothing, and ends the connection: what follows is not done',
  async (coding) => {
    const path = await server.create(`coded-${Buffer.from(coding).toString('hex')}`)
    const connection = await RawConnection.open(server.url)
    const headers = { 'content-type': 'application/json', 'transfer-encoding': coding }
    const behind = {
      method: 'POST',
      target: path,
      headers: { 'content-type': 'application/json' },
      body: '[2]',
    }
    connection.send(
      Buffer.concat([
        requestBytes(server.url, { method: 'POST', target: path, headers }),
        Buffer.from('3\r\n[1]\r\n0\r\n\r\n'),
        requestBytes(server.url, behind),
      ]),
    )
    const answer = await connection.answer()
    expectProblem(answer, 501, 'not-implemented')
    expect(answer.headers.connection).toBe('close')
    expect((await connection.rest()).toString()).toBe('')
    await connection.gone()
    expect(await server.contents(path.slice('/v1/stream/'.length))).toBe('[]')
  },
)

test('a body in chunks is taken, however the coding is written', async () => {
  const path = await server.create('chunked')
  const connection = await RawConnection.open(server.url)
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'CHUNKED' }
  connection.send(requestBytes(server.url, { method: 'POST', target: path, headers }))
  connection.send('3\r\n[1]\r\n0\r\n\r\n')
  expect((await connection.answer()).status).toBe(204)
  connection.destroy()
})

test('the home page brings its icon, so that no browser asks for one that is not there', async () => {
  expect((await server.ask({ target: '/' })).body).toContain('<link rel="icon" href="data:')
})

test('a body that ends before its announced length appends nothing', async () => {
  const path = await server.create('cut-body')
  const connection = await RawConnection.open(server.url)
  const headers = { 'content-type': 'application/json', 'content-length': '10' }
  connection.send(requestBytes(server.url, { method: 'POST', target: path, headers }))
  connection.send('[1]')
  connection.end()
  await connection.gone()
  expect(await server.contents('cut-body')).toBe('[]')
})

test('garbage behind a stream that is open is no part of the stream', async () => {
  const path = await server.create('behind-stream')
  const connection = await RawConnection.open(server.url)
  connection.send(requestBytes(server.url, { target: `${path}?live=sse&offset=-1` }))
  await connection.through('upToDate')
  connection.send('nonsense\r\n\r\n')
  expect((await connection.rest()).toString()).not.toContain('HTTP/1.1')
})

test('a request that is wrong, and cut off by garbage behind it, is no trouble of the server', async () => {
  const connection = await RawConnection.open(server.url)
  connection.send('GET /v1/stream/unknown HTTP/1.1\r\nHost: localhost\r\n\r\n\0')
  expect((await connection.rest()).toString()).toBe('')
})

test('garbage behind a held poll is not taken for its answer', async () => {
  const path = await server.create('behind-poll')
  const connection = await RawConnection.open(server.url)
  connection.send(requestBytes(server.url, { target: `${path}?live=long-poll&offset=-1` }))
  connection.send('nonsense\r\n\r\n')
  expect((await connection.rest()).toString()).not.toMatch(/HTTP\/1\.1 400/)
})

test('a body that came with its head leaves the connection in use, though its client said it would wait', async () => {
  const path = await server.create('impatient')
  const connection = await RawConnection.open(server.url)
  for (const body of ['1', '2']) {
    const headers = { 'content-type': 'application/json', expect: '100-continue' }
    connection.send(requestBytes(server.url, { method: 'POST', target: path, headers, body }))
    expect((await connection.answer()).status).toBe(204)
  }
  expect(await server.contents('impatient')).toBe('[1,2]')
})

test('requests that were sent at once are answered in order, the good ones among the bad', async () => {
  const path = await server.create('pipelined')
  const headers = { 'content-type': 'application/json' }
  const connection = await RawConnection.open(server.url)
  connection.send(
    Buffer.concat([
      requestBytes(server.url, { method: 'POST', target: path, headers, body: '[1]' }),
      requestBytes(server.url, { method: 'POST', target: path, headers, body: 'nonsense' }),
      requestBytes(server.url, { target: `${path}?live=long-poll&offset=now` }),
      requestBytes(server.url, { target: '/nowhere' }),
      requestBytes(server.url, { method: 'POST', target: path, headers, body: '[2]' }),
      requestBytes(server.url, { target: `${path}?offset=-1` }),
    ]),
  )
  expect(await connection.answer()).toMatchObject({ status: 204 })
  expectProblem(await connection.answer(), 400, 'message-invalid')
  expect((await connection.answer()).status).toBeLessThan(300)
  expectProblem(await connection.answer(), 404, 'route-unknown')
  expect(await connection.answer()).toMatchObject({ status: 204 })
  expect(await connection.answer()).toMatchObject({ status: 200, body: '[1,2]' })
  connection.destroy()
})

test.each(['websocket', 'h2c'])(
  'an upgrade to %s behind a held poll waits for its turn',
  async (protocol) => {
    const path = await server.create(`turn-${protocol}`)
    const connection = await RawConnection.open(server.url)
    connection.send(
      Buffer.concat([
        requestBytes(server.url, { target: `${path}?live=long-poll&offset=-1` }),
        requestBytes(server.url, {
          target: `${path}?live=${protocol === 'websocket' ? 'websocket' : ''}`,
          headers: { ...upgradeHeaders, upgrade: protocol },
        }),
      ]),
    )
    expect(await connection.answer()).toMatchObject({ status: 204 })
    const second = await connection.answer()
    if (protocol === 'websocket') expect(second.status).toBe(101)
    else expectProblem(second, 400, 'live-unknown')
    connection.destroy()
  },
)

test('frames that come with the upgrade, before its answer, are heard', async () => {
  const path = await server.create('early')
  const connection = await RawConnection.open(server.url)
  connection.send(
    Buffer.concat([
      requestBytes(server.url, { target: `${path}?live=websocket`, headers: upgradeHeaders }),
      frameBytes({ opcode: frameOf.text, payload: '"early"' }),
    ]),
  )
  expect((await connection.answer()).status).toBe(101)
  await connection.through('"early"')
  connection.destroy()
})

test('a proxy may send the absolute form; its host is the one that counts', async () => {
  const path = await server.create('absolute')
  const good = await server.ask({ target: `${server.url}${path}?offset=-1`, headers: { host: 'localhost' } })
  expect(good).toMatchObject({ status: 200, body: '[]' })
  const foreign = await server.ask({ target: `http://evil.example${path}`, headers: { host: 'localhost' } })
  expectProblem(foreign, 421, 'host-refused')
})

test('HTTP/1.0 without a Host is served', async () => {
  const path = await server.create('old')
  const connection = await RawConnection.open(server.url)
  connection.send(`GET ${path}?offset=-1 HTTP/1.0\r\n\r\n`)
  expect((await connection.rest()).toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n\[\]$/)
})

test.each([
  ['/v1/stream/any', ['PATCH', 'TRACE', 'PROPFIND'], 'GET, HEAD, PUT, POST, DELETE, OPTIONS'],
  ['/v1/stats', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD, OPTIONS'],
  ['/v1/channels', ['PUT', 'POST', 'DELETE'], 'GET, HEAD, OPTIONS'],
  ['/', ['PUT', 'POST', 'DELETE'], 'GET, HEAD, OPTIONS'],
  ['/v1/socket', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, OPTIONS'],
])('%s answers other methods with 405 and those that it has', async (target, methods, allow) => {
  for (const method of methods) {
    const answer = await server.ask({ method, target })
    expectProblem(answer, 405, 'method-not-allowed')
    expect(answer.headers.allow).toBe(allow)
  }
})

test('a method that nobody knows is not allowed: 405', async () => {
  expectProblem(await server.ask({ method: 'FROB', target: '/' }), 405, 'method-not-allowed')
})

test('a tunnel is not offered: CONNECT answers 405 and closes', async () => {
  const answer = await answerTo('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n')
  expectProblem(answer, 405, 'method-not-allowed')
})

test.each(['/nowhere', '/v1', '/v1/stream', '/v2/stream/a', '//v1/stream/a', '/V1/STREAM/a', '/v1/socket/'])(
  '%s is nowhere',
  async (target) => expectProblem(await server.ask({ target }), 404, 'route-unknown'),
)

test('a client that says nothing, or half a request, keeps nobody from being served', async () => {
  const silent = await RawConnection.open(server.url)
  const slow = await RawConnection.open(server.url)
  slow.send('GET / HTTP/1.1\r\nHo')
  expect((await server.ask({ target: '/' })).status).toBe(200)
  silent.destroy()
  slow.destroy()
})

test('an expectation that nobody knows is ignored', async () => {
  expect((await server.ask({ target: '/', headers: { expect: 'the-inquisition' } })).status).toBe(200)
})

test('what waits behind an unanswered request is let go of with its connection', async () => {
  const own = await startTestServer({ longPollMs: 55_000 })
  const path = '/v1/stream/waiting'
  await ask(own.url, { method: 'PUT', target: path, headers: { 'content-type': 'application/json' } })
  const connection = await RawConnection.open(own.url)
  const targets = ['&live=long-poll', '&live=sse', '&live=long-poll', '&live=sse']
  connection.send(
    Buffer.concat(targets.map((live) => requestBytes(own.url, { target: `${path}?offset=-1${live}` }))),
  )
  const { until, untilAllIsFree } = statsOf(own)
  // One at a time: the others wait for its answer.
  await until(({ listeners }) => listeners === 1)
  connection.destroy()
  await untilAllIsFree()
})
