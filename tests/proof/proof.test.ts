import { describe, expect, test } from 'vitest'
import type { Http2Answer } from '../support/http2-client.js'
import { Http2Client } from '../support/http2-client.js'
import { rawConnection } from '../support/raw-client.js'
import { RawConnection } from '../support/raw-connection.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { startTlsServer } from '../support/tls-server.js'
import { ask, newId, nonceOn, openStream, proofUrl } from './support.js'

describe('the proof that an event stream passes', () => {
  test('says a nonce on a stream that stays open, and the same one to who asks', async () => {
    const server = await startTestServer({ heartbeatMs: 100 })
    const url = proofUrl(server, newId())
    const stream = await openStream(url)
    expect(stream.response.statusCode).toBe(200)
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    const nonce = await nonceOn(stream)
    expect(nonce).toMatch(/^[\w-]{22}$/)
    expect(stream.text).toMatch(/^retry:\d+\n\ndata:/)
    const answer = await ask(url)
    expect(answer).toMatchObject({ status: 200, nonce })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await ask(url)).toMatchObject({ status: 200, nonce })
    await stream.has(/\n:\n\n:\n\n/)
    expect((await statsOf(server).now()).openStreams).toBe(1)
  })

  test('has a question wait for its stream', async () => {
    const server = await startTestServer()
    const url = proofUrl(server, newId())
    const asking = [ask(url), ask(url)]
    await statsOf(server).until(({ heldPolls }) => heldPolls === 2)
    const stream = await openStream(url)
    const nonce = await nonceOn(stream)
    for (const answer of await Promise.all(asking)) expect(answer).toMatchObject({ status: 200, nonce })
    expect((await statsOf(server).now()).heldPolls).toBe(0)
  })

  test('tells a question whose stream is not here, in time', async () => {
    const server = await startTestServer()
    const other = await openStream(proofUrl(server, newId()))
    await nonceOn(other)
    const { status, code, headers } = await ask(proofUrl(server, newId()))
    expect({ status, code }).toEqual({ status: 404, code: 'proof-unknown' })
    expect(headers.get('cache-control')).toBe('no-store')
    await statsOf(server).until(({ heldPolls }) => heldPolls === 0)
  })

  test('is one at a time, and its id free again when its connection has gone', async () => {
    const server = await startTestServer()
    const url = proofUrl(server, newId())
    const stream = await openStream(url)
    const nonce = await nonceOn(stream)
    const second = await fetch(url)
    expect(second.status).toBe(409)
    expect(await second.json()).toMatchObject({ code: 'proof-taken' })
    expect(await ask(url)).toMatchObject({ nonce })
    stream.drop()
    await statsOf(server).untilNothingIsHeld()
    const again = await openStream(url)
    expect(await nonceOn(again)).not.toBe(nonce)
  })

  test('leaves nothing of a question whose client has gone', async () => {
    const server = await startTestServer()
    const connection = await rawConnection(server.url)
    const head = `POST /v1/proof/${newId()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n`
    connection.write(`${head}12345`)
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    const goneMs = performance.now()
    connection.destroy()
    await statsOf(server).untilAllIsFree()
    // Not by the end of its time.
    expect(performance.now() - goneMs).toBeLessThan(4_000)
  })

  test('ends at once when the server stops, questions as well', async () => {
    const server = await startTestServer()
    const stream = await openStream(proofUrl(server, newId()))
    await nonceOn(stream)
    const asking = ask(proofUrl(server, newId()))
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    const startMs = performance.now()
    await server.close()
    await stream.ended
    expect(stream.text).toMatch(/\nretry:\d+\n\n$/)
    expect(stream.text).not.toMatch(/^id:/m)
    expect(await asking).toMatchObject({ status: 404, code: 'proof-unknown' })
    // What has not ended by itself is cut after five seconds, as the question would be told.
    expect(performance.now() - startMs).toBeLessThan(4_000)
  })

  test('lets pages of an allowed origin read, and counts as hearing by event streams', async () => {
    const server = await startTestServer()
    const origin = 'http://localhost:5173'
    const url = proofUrl(server, newId())
    const stream = await openStream(url, { origin })
    expect(stream.response.headers['access-control-allow-origin']).toBe(origin)
    expect((await ask(url, { origin })).headers.get('access-control-allow-origin')).toBe(origin)
    const { ways } = await statsOf(server).now()
    expect(ways.sse).toMatchObject({ requests: 2, connectionsOpened: 2, payloadBytes: 0 })
    expect(ways.sse.bytesOut).toBeGreaterThan(300)
  })

  test('passes over HTTP/1.0, whose connection ends with the stream', async () => {
    const server = await startTestServer()
    const id = newId()
    const connection = await RawConnection.open(server.url)
    connection.send(`GET /v1/proof/${id} HTTP/1.0\r\n\r\n`)
    const { nonce } = await ask(proofUrl(server, id))
    await server.close()
    const [head = '', body = ''] = String(await connection.rest()).split('\r\n\r\n')
    expect(head).not.toMatch(/transfer-encoding/i)
    expect(body).toContain(`\ndata:${nonce}\n\n`)
  })

  test('passes over HTTP/2, both requests on one connection', async () => {
    const server = await startTlsServer()
    const client = await Http2Client.open(server)
    const path = `/v1/proof/${newId()}`
    const asking = client.fetch(path, { ':method': 'POST' })
    const stream = client.ask(path)
    const nonce = await nonceOn(stream)
    expect(JSON.parse((await asking).text)).toEqual({ nonce })
    stream.stream.close()
    await statsOf(server).untilNothingIsHeld()
  })
})

describe('of a thousand at once, one more', () => {
  const head = (answer: Http2Answer) => answer.head.then((headers) => headers[':status'])
  const many = (count: number) => Array.from({ length: count }, newId)

  test('stream is refused, until one has gone', async () => {
    const server = await startTlsServer()
    const [client, other] = [await Http2Client.open(server), await Http2Client.open(server)]
    const streams = many(1_000).map((id, index) => (index < 999 ? client : other).ask(`/v1/proof/${id}`))
    for (const stream of streams) expect(await head(stream)).toBe(200)
    const refused = await other.fetch(`/v1/proof/${newId()}`)
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'server-busy' })
    streams[0]?.stream.close()
    await statsOf(server).until(({ openStreams }) => openStreams === 999)
    expect(await head(other.ask(`/v1/proof/${newId()}`))).toBe(200)
  })

  test('question is refused, until one has gone', async () => {
    const server = await startTlsServer()
    const [client, other] = [await Http2Client.open(server), await Http2Client.open(server)]
    const post = { ':method': 'POST' }
    const questions = many(1_000).map((id, index) =>
      (index < 999 ? client : other).ask(`/v1/proof/${id}`, post),
    )
    for (const { stream } of questions) stream.end()
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1_000)
    const refused = await other.fetch(`/v1/proof/${newId()}`, post)
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    questions[0]?.stream.close()
    await statsOf(server).until(({ heldPolls }) => heldPolls === 999)
    const id = newId()
    const asking = other.fetch(`/v1/proof/${id}`, post)
    const nonce = await nonceOn(other.ask(`/v1/proof/${id}`))
    expect(JSON.parse((await asking).text)).toEqual({ nonce })
  })
})
