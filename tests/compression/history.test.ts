import { stream } from '@durable-streams/client'
import { type RunningServer, startServer } from 'tidings'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { Http2Client } from '../support/http2-client.js'
import { RawEventStream, RawWebSocket } from '../support/raw-client.js'
import { RawConnection } from '../support/raw-connection.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { startTlsServer } from '../support/tls-server.js'
import { askBytes, decoded, publishHistory } from './support.js'

/** A channel with more history than one answer holds. */
async function channelWithHistory(
  options: Parameters<typeof startTestServer>[0] = {},
): Promise<{ server: RunningServer; channel: TestChannel }> {
  const server = await startTestServer(options)
  const channel = await createTestChannel(server)
  for (let round = 0; round < 3; round++) await publishHistory(channel, 3_000, round * 3_000)
  return { server, channel }
}

describe('history', () => {
  let server: RunningServer
  let channel: TestChannel
  beforeAll(async () => {
    server = await startServer({ engine: 'memory', port: 0 })
    channel = await createTestChannel(server)
    for (let round = 0; round < 3; round++) await publishHistory(channel, 3_000, round * 3_000)
    return () => server.close()
  })

  describe.each([
    ['a short poll', { offset: '-1' }],
    ['a short poll with last', { last: '2500' }],
    ['a long poll that is behind', { offset: '-1', live: 'long-poll' }],
    ['a page backwards', { before: 'now', last: '1000' }],
  ])('in %s', (_, query: Record<string, string>) => {
    test.each(['gzip', 'br'])('comes in %s to who asks for that, and is the same bytes', async (coding) => {
      const plain = await askBytes(channel.reading(query))
      const coded = await askBytes(channel.reading(query), { 'accept-encoding': coding })
      expect(coded.headers['content-encoding']).toBe(coding)
      expect(coded.bytes.byteLength).toBeLessThan(plain.bytes.byteLength / 3)
      expect(decoded(coding, coded.bytes).equals(plain.bytes)).toBe(true)
      expect(coded.headers['content-length']).toBe(String(coded.bytes.byteLength))
      expect(coded.headers['content-type']).toBe('application/json')
      expect(coded.headers['stream-next-offset']).toBe(plain.headers['stream-next-offset'])
      expect(coded.headers['cache-control']).toBe(plain.headers['cache-control'])
    })

    test('says that it depends on Accept-Encoding, as it is too', async () => {
      for (const coding of ['', 'gzip', 'identity']) {
        const answer = await askBytes(channel.reading(query), { 'accept-encoding': coding })
        expect(answer.headers.vary).toBe('origin, accept-encoding')
      }
    })

    test('comes as it is to who says nothing of codings', async () => {
      const { headers, bytes } = await askBytes(channel.reading(query))
      expect(headers['content-encoding']).toBeUndefined()
      expect(JSON.parse(bytes.toString())).not.toHaveLength(0)
    })
  })

  test('HEAD says what a GET depends on', async () => {
    const answer = await askBytes(channel.url, { 'accept-encoding': 'gzip' }, 'HEAD')
    expect(answer.headers.vary).toBe('origin, accept-encoding')
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.headers['content-type']).toBe('application/json')
  })

  test('comes in gzip over HTTP/1.0, on a connection that its end closes', async () => {
    const plain = await askBytes(channel.reading({ offset: '-1' }))
    const connection = await RawConnection.open(server.url)
    onTestFinished(() => connection.destroy())
    connection.send('GET /v1/stream/cake?offset=-1 HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n')
    const head = (await connection.through('\r\n\r\n')).toString('latin1').toLowerCase()
    expect(head).toContain('content-encoding: gzip\r\n')
    expect(decoded('gzip', await connection.rest()).equals(plain.bytes)).toBe(true)
  })

  test('is read whole by a client that others wrote', async () => {
    const heard: number[] = []
    let [offset, isUpToDate] = ['-1', false]
    while (!isUpToDate) {
      const answer = await stream<{ n: number }>({ url: channel.url, offset, live: false })
      heard.push(...(await answer.json()).map(({ n }) => n))
      offset = answer.offset
      isUpToDate = answer.upToDate
    }
    expect(heard).toEqual(Array.from({ length: 9_000 }, (_, n) => n))
  })

  test('is read by fetch, which asks for codings by itself, as if it were not coded', async () => {
    const plain = await askBytes(channel.reading({ offset: '-1' }))
    const answer = await fetch(channel.reading({ offset: '-1' }))
    expect(answer.headers.get('content-encoding')).toMatch(/^(?:gzip|br)$/)
    expect(await answer.text()).toBe(plain.bytes.toString())
  })
})

test('history comes in gzip over HTTP/2', async () => {
  const server = await startTlsServer()
  const client = await Http2Client.open(server)
  const json = { 'content-type': 'application/json' }
  await client.fetch(
    '/v1/stream/cake',
    { ':method': 'PUT', ...json },
    JSON.stringify(['cake '.repeat(1_000)]),
  )
  const plain = await client.fetch('/v1/stream/cake')
  const asked = client.ask('/v1/stream/cake', { 'accept-encoding': 'gzip' })
  asked.stream.setEncoding('latin1')
  const head = await asked.head
  await asked.ended
  expect(head).toMatchObject({ 'content-encoding': 'gzip', vary: 'origin, accept-encoding' })
  const bytes = Buffer.from(asked.text, 'latin1')
  expect(head['content-length']).toBe(String(bytes.byteLength))
  expect(decoded('gzip', bytes).toString()).toBe(plain.text)
})

describe('an answer comes as it is, though gzip is asked for', () => {
  const gzip = { 'accept-encoding': 'gzip, br' }

  test('below a KiB, where there is nothing to save', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    // With the array's brackets and the string's quotes, 1,023 and 1,024 bytes.
    await channel.publish('x'.repeat(1_019))
    const tiny = await askBytes(channel.reading({ offset: '-1' }), gzip)
    expect(tiny.headers['content-encoding']).toBeUndefined()
    expect(tiny.headers.vary).toBe('origin, accept-encoding')
    const more = await createTestChannel(server, { channel: 'more' })
    await more.publish('x'.repeat(1_020))
    expect((await askBytes(more.reading({ offset: '-1' }), gzip)).headers['content-encoding']).toBe('br')
  })

  test('unless as it is is what the reader refuses', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    await channel.publish('x')
    const refusing = { 'accept-encoding': 'gzip, identity;q=0' }
    const { headers, bytes } = await askBytes(channel.reading({ offset: '-1' }), refusing)
    expect(headers['content-encoding']).toBe('gzip')
    expect(decoded('gzip', bytes).toString()).toBe('["x"]')
  })

  test('when it is empty, and then it depends on nothing', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const queries: Record<string, string>[] = [
      { offset: '-1' },
      { offset: 'now' },
      { before: 'now', last: '5' },
    ]
    for (const query of queries) {
      const { headers } = await askBytes(channel.reading(query), { 'accept-encoding': '*, identity;q=0' })
      expect(headers['content-encoding']).toBeUndefined()
      expect(headers.vary).toBe('origin')
    }
  })

  test.each(['image/png', 'video/mp4', 'audio/ogg', 'application/zip', 'application/gzip', 'font/woff2'])(
    'in a channel of %s',
    async (contentType) => {
      const server = await startTestServer()
      const channel = await createTestChannel(server, { contentType })
      const body = Buffer.alloc(10_000, 'a')
      await fetch(channel.url, { method: 'POST', headers: { 'content-type': contentType }, body })
      const { headers, bytes } = await askBytes(channel.reading({ offset: '-1' }), gzip)
      expect(headers['content-encoding']).toBeUndefined()
      expect(headers.vary).toBe('origin')
      expect(bytes.equals(body)).toBe(true)
    },
  )

  test('when coding would make it larger, and its tag is that of what came', async () => {
    const server = await startTestServer()
    const contentType = 'application/octet-stream'
    const channel = await createTestChannel(server, { contentType })
    const body = Buffer.from(crypto.getRandomValues(new Uint8Array(5_000)))
    await fetch(channel.url, { method: 'POST', headers: { 'content-type': contentType }, body })
    const plain = await askBytes(channel.reading({ offset: '-1' }))
    const { headers, bytes } = await askBytes(channel.reading({ offset: '-1' }), gzip)
    expect(headers['content-encoding']).toBeUndefined()
    expect(headers.etag).toBe(plain.headers.etag)
    expect(bytes.equals(body)).toBe(true)
  })

  test('with --compression off, and then it depends on nothing', async () => {
    const { channel } = await channelWithHistory({ compression: 'off' })
    const { headers, bytes } = await askBytes(channel.reading({ offset: '-1' }), gzip)
    expect(headers['content-encoding']).toBeUndefined()
    expect(headers.vary).toBe('origin')
    expect(JSON.parse(bytes.toString())[0]).toMatchObject({ n: 0 })
  })

  test('when it is live: the news of a held poll, an event stream, a WebSocket', async () => {
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const news = 'cake '.repeat(1_000)
    const held = askBytes(channel.reading({ offset: 'now', live: 'long-poll' }), gzip)
    await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
    const stream = await RawEventStream.open(channel.reading({ offset: '-1', live: 'sse' }), gzip)
    const socket = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }))
    await channel.publish(news)
    const poll = await held
    expect(poll.headers['content-encoding']).toBeUndefined()
    expect(poll.headers.vary).toBe('origin')
    expect(poll.bytes.toString()).toBe(JSON.stringify([news]))
    await stream.read().has(/cake cake/)
    await stream.has(/upToDate":true[^\n]*}\n\n$/)
    expect(stream.response.headers['content-encoding']).toBeUndefined()
    expect(stream.response.headers['cache-control']).toBe('no-cache, no-transform')
    expect(stream.text).toContain(news)
    expect(await socket.has(1)).toEqual([JSON.stringify(news)])
    expect(socket.socket.extensions).toBe('')
  })
})

describe('what coding saves is counted apart', () => {
  test('payload is what was read, and what it cost beside that is not below nothing', async () => {
    const { server, channel } = await channelWithHistory()
    const plain = await askBytes(channel.reading({ offset: '-1' }))
    const before = (await statsOf(server).now()).ways['short-poll']
    const { bytes } = await askBytes(channel.reading({ offset: '-1' }), { 'accept-encoding': 'gzip' })
    const { ways } = await statsOf(server).until(
      (stats) => stats.ways['short-poll'].bytesOut >= before.bytesOut + bytes.byteLength,
    )
    const after = ways['short-poll']
    // The array's brackets, and the comma between two batches of the log, are no payload.
    const payload = after.payloadBytes - before.payloadBytes
    expect(payload).toBe(before.payloadBytes)
    expect(after.bytesSaved).toBe(plain.bytes.byteLength - bytes.byteLength)
    const out = after.bytesOut - before.bytesOut
    expect(out).toBeLessThan(payload)
    const beside = out + after.bytesSaved - payload
    expect(beside).toBeGreaterThan(0)
    expect(beside).toBeLessThan(before.bytesOut - before.payloadBytes + 100)
  })
})
