import { expect, test } from 'vitest'
import { ask, RawConnection, requestBytes } from '../support/raw-connection.js'
import { frameOf, RawWebSocket, upgradeHeaders } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'
import { statsOf } from '../support/stats.js'

const server = serverUnderFire()

test.each(['?live=websocket', '?live=websocket&offset=-1'])(
  '%s without an upgrade answers 426',
  async (query) => {
    const path = await server.create(`plain-${query.length}`)
    const halves: Record<string, string>[] = [{}, { upgrade: 'websocket' }, { connection: 'Upgrade' }]
    for (const headers of halves) {
      const answer = await server.ask({ target: `${path}${query}`, headers })
      expectProblem(answer, 426, 'upgrade-required')
      // RFC 9110 §7.8, §15.5.22; RFC 6455 §4.4
      expect(answer.headers.upgrade).toBe('websocket')
      expect(answer.headers.connection).toMatch(/^Upgrade\b/)
      expect(answer.headers['sec-websocket-version']).toBe('13')
    }
  },
)

test('the socket without an upgrade answers 426, and so does one without tidings.v1', async () => {
  expectProblem(await server.ask({ target: '/v1/socket' }), 426, 'upgrade-required')
  for (const offered of [undefined, 'tidings.v2', 'TIDINGS.V1']) {
    const headers = { ...upgradeHeaders, ...(offered && { 'sec-websocket-protocol': offered }) }
    expectProblem(await server.ask({ target: '/v1/socket', headers }), 426, 'upgrade-required')
  }
})

test.each([
  ['no key', { 'sec-websocket-key': [] }],
  ['an empty key', { 'sec-websocket-key': '' }],
  ['a short key', { 'sec-websocket-key': 'AAAA' }],
  ['a key that is no base64', { 'sec-websocket-key': '!!!!!!!!!!!!!!!!!!!!!!==' }],
  [
    'two keys',
    { 'sec-websocket-key': [upgradeHeaders['sec-websocket-key'], upgradeHeaders['sec-websocket-key']] },
  ],
  ['no version', { 'sec-websocket-version': [] }],
  ['version 8', { 'sec-websocket-version': '8' }],
  ['version 14', { 'sec-websocket-version': '14' }],
  ['two versions', { 'sec-websocket-version': '13, 8' }],
  ['a subprotocol twice', { 'sec-websocket-protocol': 'tidings.v1, tidings.v1' }],
  ['a subprotocol that is no token', { 'sec-websocket-protocol': 'tidings v1' }],
  ['an empty subprotocol', { 'sec-websocket-protocol': 'tidings.v1,,other' }],
  ['no subprotocol but the header', { 'sec-websocket-protocol': '' }],
])('a handshake with %s answers 426 and ends the connection', async (what, wrong) => {
  const path = await server.create(`handshake-${what.replaceAll(' ', '-')}`)
  for (const target of [`${path}?live=websocket`, '/v1/socket']) {
    const connection = await RawConnection.open(server.url)
    connection.send(requestBytes(server.url, { target, headers: { ...upgradeHeaders, ...wrong } }))
    const answer = await connection.answer()
    expectProblem(answer, 426, 'upgrade-required')
    expect(answer.headers['sec-websocket-version']).toBe('13')
    await connection.gone()
  }
})

test('an upgrade that asks for no WebSocket of a channel answers 400', async () => {
  const path = await server.create('other-way')
  for (const query of ['', '?offset=-1', '?offset=-1&live=sse', '?offset=-1&live=long-poll']) {
    const answer = await server.ask({ target: `${path}${query}`, headers: upgradeHeaders })
    expectProblem(answer, 400, 'live-unknown')
  }
})

test('an upgrade of a request that is no GET is not taken; the request is answered as it is', async () => {
  const path = await server.create('upgrade-post')
  expectProblem(
    await server.ask({ method: 'POST', target: '/v1/socket', headers: upgradeHeaders }),
    405,
    'method-not-allowed',
  )
  const head = await server.ask({ method: 'HEAD', target: path, headers: upgradeHeaders })
  expect(head.status).toBe(200)
  const headers = { ...upgradeHeaders, 'content-type': 'application/json' }
  const post = await server.ask({ method: 'POST', target: path, headers, body: '[1]' })
  expect(post.status).toBe(204)
  expect(await server.contents('upgrade-post')).toBe('[1]')
})

test('an HTTP/1.0 client can not upgrade: 426', async () => {
  const path = await server.create('upgrade-old')
  const connection = await RawConnection.open(server.url)
  const lines = Object.entries(upgradeHeaders).map(([name, value]) => `${name}: ${value}\r\n`)
  connection.send(`GET ${path}?live=websocket HTTP/1.0\r\nHost: localhost\r\n${lines.join('')}\r\n`)
  expectProblem(await connection.answer(), 426, 'upgrade-required')
  await connection.gone()
})

test('an offer of HTTP/2, as Java’s client makes it, is passed over: GET and POST are served', async () => {
  const path = await server.create('h2c', 'text/plain')
  const offer = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA',
  }
  const connection = await RawConnection.open(server.url)
  const body = 'cake '.repeat(100_000)
  const post = requestBytes(server.url, {
    method: 'POST',
    target: path,
    headers: { ...offer, 'content-type': 'text/plain' },
    body,
  })
  // The body comes in parts, as it does on a network.
  connection.send(post.subarray(0, 1000))
  await connection.written()
  connection.send(post.subarray(1000))
  expect((await connection.answer()).status).toBe(204)
  for (let times = 0; times < 20; times++) {
    connection.send(requestBytes(server.url, { target: `${path}?offset=-1`, headers: offer }))
    expect((await connection.answer()).body).toBe(body)
  }
  connection.destroy()
})

test('an offer of HTTP/2 with Expect: 100-continue and with chunks is passed over', async () => {
  const path = await server.create('h2c-chunks')
  const connection = await RawConnection.open(server.url)
  const headers = {
    connection: 'Upgrade, close',
    upgrade: 'h2c',
    expect: '100-continue',
    'transfer-encoding': 'chunked',
    'content-type': 'application/json',
  }
  connection.send(requestBytes(server.url, { method: 'POST', target: path, headers }))
  expect((await connection.answer()).status).toBe(100)
  connection.send('3\r\n[1]\r\n0\r\n\r\n')
  const answer = await connection.answer()
  expect(answer).toMatchObject({ status: 204, headers: { connection: 'close' } })
  await connection.gone()
  expect(await server.contents('h2c-chunks')).toBe('[1]')
})

test('an unknown protocol is passed over, and bad requests under it are refused as ever', async () => {
  for (const upgrade of ['IRC/6.9', 'TLS/1.0', 'websockets', 'h2c, websocket']) {
    const answer = await ask(server.url, { target: '/nowhere', headers: { ...upgradeHeaders, upgrade } })
    expectProblem(answer, 404, 'route-unknown')
  }
})

test('a client that was refused an upgrade and stays is let go of', async () => {
  const path = await server.create('stays')
  const stats = statsOf(server)
  const open = (await stats.now()).ways.websocket.connectionsOpen
  const connections = await Promise.all(Array.from({ length: 5 }, () => RawConnection.open(server.url)))
  for (const connection of connections) {
    connection.send(
      requestBytes(server.url, {
        target: `${path}?live=websocket&offset=x`,
        headers: upgradeHeaders,
      }),
    )
    expectProblem(await connection.answer(), 400, 'offset-malformed')
    connection.end()
  }
  await stats.until(({ ways }) => ways.websocket.connectionsOpen === open)
})

test('a request after the answer to a refused upgrade is not heard', async () => {
  const path = await server.create('after-refusal')
  const connection = await RawConnection.open(server.url)
  connection.send(
    requestBytes(server.url, { target: `${path}?live=websocket&offset=x`, headers: upgradeHeaders }),
  )
  connection.send(requestBytes(server.url, { method: 'DELETE', target: path }))
  expectProblem(await connection.answer(), 400, 'offset-malformed')
  await connection.gone()
  expect(await server.contents('after-refusal')).toBe('[]')
})

test('a WebSocket that is opened and cut in the same moment leaves nothing behind', async () => {
  const path = await server.create('cut')
  const stats = statsOf(server)
  const before = await stats.now()
  for (let times = 0; times < 20; times++) {
    const connection = await RawConnection.open(server.url)
    connection.send(requestBytes(server.url, { target: `${path}?live=websocket`, headers: upgradeHeaders }))
    if (times % 2 === 0) await connection.written()
    connection.destroy()
  }
  const socket = await RawWebSocket.open(server.url, `${path}?live=websocket`)
  socket.send({ opcode: frameOf.close })
  await socket.untilClose()
  await stats.until(
    ({ listeners, openStreams }) => listeners === before.listeners && openStreams === before.openStreams,
  )
})
