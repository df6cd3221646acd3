import { expect, test } from 'vitest'
import { RawConnection, requestBytes } from '../support/raw-connection.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const mebibyte = 1024 * 1024
const maxBodyBytes = 64 * 1024
const server = serverUnderFire({ maxBodyBytes, maxMessageBytes: 1024 })

const json = { 'content-type': 'application/json' }
const filler = Buffer.alloc(mebibyte, ' ')

async function begin(name: string, headers: Record<string, string>) {
  const path = await server.create(name)
  const connection = await RawConnection.open(server.url)
  connection.send(
    requestBytes(server.url, { method: 'POST', target: path, headers: { ...json, ...headers } }),
  )
  return { path, connection }
}

test('an announced length over the limit is refused before a byte of the body is sent', async () => {
  const { connection } = await begin('announced', { 'content-length': String(maxBodyBytes + 1) })
  expectProblem(await connection.answer(), 413, 'message-too-large')
  connection.destroy()
})

test.each(['9007199254740993', '18446744073709551615'])(
  'a length of %s is refused at once',
  async (length) => {
    const { connection } = await begin(`announced-${length}`, { 'content-length': length })
    expectProblem(await connection.answer(), 413, 'message-too-large')
    connection.destroy()
  },
)

test('a length that no number holds is not HTTP: 400', async () => {
  const { connection } = await begin('announced-beyond', { 'content-length': '18446744073709551616' })
  expectProblem(await connection.answer(), 400, 'request-malformed')
  connection.destroy()
})

test('a chunked body is refused when it passes the limit, not when it ends', async () => {
  const { connection } = await begin('chunked', { 'transfer-encoding': 'chunked' })
  connection.send(`${(maxBodyBytes + 1).toString(16)}\r\n${' '.repeat(maxBodyBytes + 1)}\r\n`)
  expectProblem(await connection.answer(), 413, 'message-too-large')
  connection.destroy()
})

test('a client that waits for 100 Continue is told 413 instead, and that the connection ends', async () => {
  const { connection } = await begin('expects', {
    'content-length': String(maxBodyBytes + 1),
    expect: '100-continue',
  })
  const answer = await connection.answer()
  expectProblem(answer, 413, 'message-too-large')
  expect(answer.headers.connection).toBe('close')
  connection.end()
  await connection.gone()
})

test('a client that waits for 100 Continue is told any other refusal too', async () => {
  const headers = { ...json, 'content-length': '3', expect: '100-continue', origin: 'http://evil.example' }
  const connection = await RawConnection.open(server.url)
  connection.send(requestBytes(server.url, { method: 'POST', target: '/v1/stream/witnesses', headers }))
  expectProblem(await connection.answer(), 403, 'origin-refused')
  connection.destroy()
})

test('a client that waits for 100 Continue is told to go on when its body may come', async () => {
  const { connection, path } = await begin('continues', { 'content-length': '3', expect: '100-continue' })
  expect((await connection.answer()).status).toBe(100)
  connection.send('[1]')
  expect((await connection.answer()).status).toBe(204)
  connection.destroy()
  expect((await server.ask({ target: `${path}?offset=-1` })).body).toBe('[1]')
})

test.each([
  ['announced', (bytes: number) => ({ 'content-length': String(bytes) })],
  [
    'announced, with Expect',
    (bytes: number) => ({ 'content-length': String(bytes), expect: '100-continue' }),
  ],
])('a client that writes 32 MiB (%s) before it reads sees the 413, and no reset', async (what, headersOf) => {
  const { connection } = await begin(`writes-first-${what.length}`, headersOf(32 * mebibyte))
  connection.pause()
  for (let sent = 0; sent < 32; sent++) {
    connection.send(filler)
    await connection.written()
  }
  connection.resume()
  expectProblem(await connection.answer(), 413, 'message-too-large')
  connection.destroy()
})

test('a client that writes 32 MiB in chunks before it reads sees the 413, and is served on the same connection', async () => {
  const { connection, path } = await begin('writes-chunks', { 'transfer-encoding': 'chunked' })
  connection.pause()
  for (let sent = 0; sent < 32; sent++) {
    connection.send(`${mebibyte.toString(16)}\r\n`)
    connection.send(filler)
    connection.send('\r\n')
    await connection.written()
  }
  connection.send('0\r\n\r\n')
  connection.send(requestBytes(server.url, { target: `${path}?offset=-1` }))
  connection.resume()
  expectProblem(await connection.answer(), 413, 'message-too-large')
  expect(await connection.answer()).toMatchObject({ status: 200, body: '[]' })
  connection.destroy()
})

test('a client that never stops writing is cut', async () => {
  const { connection } = await begin('never-stops', { 'transfer-encoding': 'chunked' })
  const writing = async () => {
    for (;;) {
      connection.send(`${mebibyte.toString(16)}\r\n`)
      connection.send(filler)
      connection.send('\r\n')
      await connection.written()
    }
  }
  await expect(writing()).rejects.toThrow()
  await connection.gone()
})

test('one message over the limit is refused, in a body that is within its own', async () => {
  const path = await server.create('one-message')
  const large = JSON.stringify('x'.repeat(1023))
  for (const body of [large, `[1,${large},2]`]) {
    const answer = await server.ask({ method: 'POST', target: path, headers: json, body })
    expectProblem(answer, 413, 'message-too-large')
  }
  const largest = JSON.stringify('x'.repeat(1022))
  expect((await server.ask({ method: 'POST', target: path, headers: json, body: largest })).status).toBe(204)
  expect(await server.contents('one-message')).toBe(`[${largest}]`)
})

test('one text or binary append over the limit is refused', async () => {
  for (const contentType of ['text/plain', 'application/octet-stream']) {
    const path = await server.create(`one-${contentType.length}`, contentType)
    const headers = { 'content-type': contentType }
    const answer = await server.ask({ method: 'POST', target: path, headers, body: 'x'.repeat(1025) })
    expectProblem(answer, 413, 'message-too-large')
  }
})
