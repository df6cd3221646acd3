import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawWebSocket, rawConnection } from '../support/raw-client.js'
import { RawWebSocket as BareWebSocket, closePayload, frameOf } from '../support/raw-websocket.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'

/** An engine that takes its time to keep, so that a close overtakes the appends before it. */
async function startDiskServer() {
  return await startTestServer({ engine: 'disk', data: await temporaryFolder() })
}

describe("a client's close of a plain WebSocket", () => {
  for (const [code, reason] of [
    [1000, ''],
    [1000, 'enough cake'],
    [4321, 'mine'],
  ] as const) {
    test(`with ${code} "${reason}" is answered with the same, after the appends before it were kept and echoed`, async () => {
      const server = await startDiskServer()
      const channel = await createTestChannel(server)
      const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
      const sent = Array.from({ length: 200 }, (_, index) => String(index))
      for (const message of sent) raw.send(message)
      raw.socket.close(code, reason)
      expect(await raw.closed).toEqual({ code, reason })
      expect(raw.messages).toEqual(sent)
      const kept = await fetch(channel.url)
      expect(await kept.json()).toEqual(sent.map(Number))
      await statsOf(server).untilAllIsFree()
    })
  }

  test('without a code is answered without one', async () => {
    const server = await startDiskServer()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    raw.send('1')
    raw.socket.close()
    expect(await raw.closed).toEqual({ code: 1005, reason: '' })
    expect(raw.messages).toEqual(['1'])
    await statsOf(server).untilAllIsFree()
  })

  test('behind more appends than may wait for the disk is answered after all of them', async () => {
    const server = await startTestServer()
    const disk = standingDisk()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    disk.stand()
    const sent = Array.from({ length: 40_000 }, (_, index) => String(index))
    for (const message of sent) raw.send(message)
    raw.socket.close(4000)
    // More than a thousand of them: it is not read any further, and its close is not seen. How much comes at once is the
    // system's to say: a thousand frames are 9 kB, and a stream that is not read holds 16.
    await statsOf(server).until(({ ways }) => ways.websocket.bytesIn > 20 * 1024)
    disk.goOn()
    expect(await raw.closed).toEqual({ code: 4000, reason: '' })
    expect(raw.messages).toEqual(sent)
    await statsOf(server).untilAllIsFree()
  })

  test('that waits for the disk while the server stops is answered with its own code', async () => {
    const server = await startTestServer()
    const disk = standingDisk()
    const channel = await createTestChannel(server)
    const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
    const before = (await statsOf(server).now()).ways.websocket.bytesIn
    disk.stand()
    for (const message of ['1', '2', '3']) raw.send(message)
    raw.socket.close(4000, 'mine')
    await statsOf(server).until(({ ways }) => ways.websocket.bytesIn === before + 3 * 7 + 12)
    const stopped = server.close()
    disk.goOn()
    expect(await raw.closed).toEqual({ code: 4000, reason: 'mine' })
    expect(raw.messages).toEqual(['1', '2', '3'])
    await stopped
  })

  test('that crosses a close of the server is answered by that alone', async () => {
    const server = await startTestServer()
    for (let round = 0; round < 50; round++) {
      const channel = await createTestChannel(server, { channel: `cake-${round}` })
      const socket = await BareWebSocket.open(server.url, `/v1/stream/${channel.channel}?live=websocket`)
      const closing = fetch(channel.url, { method: 'POST', headers: { 'stream-closed': 'true' } })
      socket.send({ opcode: frameOf.text, payload: '1' })
      socket.send({ opcode: frameOf.close, payload: closePayload(4000) })
      expect([1000, 1008, 4000]).toContain((await socket.untilClose()).code)
      expect((await socket.connection.rest()).byteLength).toBe(0)
      expect((await closing).status).toBe(204)
      socket.destroy()
    }
    await statsOf(server).untilAllIsFree()
  })

  test('that is behind in reading waits for what it has not read, and its own appends come last', async () => {
    const server = await startDiskServer()
    const channel = await createTestChannel(server)
    const history = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(20_000)}`)
    await channel.publish(...history)
    const raw = await RawWebSocket.open(channel.reading({ offset: '-1', live: 'websocket' }))
    raw.send('"mine"')
    raw.socket.close(1000)
    expect((await raw.closed).code).toBe(1000)
    expect(raw.messages.length).toBe(history.length + 1)
    expect(raw.messages.at(-1)).toBe('"mine"')
  })
})

test("a client's close of a tidings.v1 socket is answered after its publishes were kept and acknowledged", async () => {
  const server = await startDiskServer()
  const channel = await createTestChannel(server)
  const raw = await RawWebSocket.open(`${server.url}/v1/socket`, 'tidings.v1')
  raw.send({ type: 'subscribe', channel: channel.channel, offset: '-1' })
  await statsOf(server).until(({ listeners }) => listeners === 1)
  const ids = Array.from({ length: 100 }, (_, index) => index)
  for (const id of ids) raw.send({ type: 'publish', id, channel: channel.channel, messages: [id] })
  raw.socket.close(4000, 'done')
  expect(await raw.closed).toEqual({ code: 4000, reason: 'done' })
  const envelopes = raw.messages.map((text) => JSON.parse(text))
  expect(envelopes.filter(({ type }) => type === 'published').map(({ id }) => id)).toEqual(ids)
  // It is a reader like any other: it heard what it published before the close was answered.
  expect(envelopes.flatMap(({ messages }) => messages ?? [])).toEqual(ids)
  await statsOf(server).untilAllIsFree()
})

test('a client that sends its close and goes at once leaves nothing behind, and what it published is kept', async () => {
  const server = await startDiskServer()
  const channel = await createTestChannel(server)
  const raw = await RawWebSocket.open(channel.reading({ live: 'websocket' }))
  for (const message of ['1', '2', '3']) raw.send(message)
  raw.socket.close(1000)
  // Once the close frame has left.
  await new Promise<void>((resolve) => raw.socket.ping(undefined, undefined, () => resolve())).catch(() => {})
  raw.socket.terminate()
  await statsOf(server).untilAllIsFree()
  const kept = (await (await fetch(channel.url)).json()) as number[]
  expect(kept).toEqual([1, 2, 3].slice(0, kept.length))
})

test('a client that ends its half of the connection without a close frame leaves nothing behind', async () => {
  const server = await startTestServer()
  const { channel } = await createTestChannel(server)
  const connection = await rawConnection(server.url)
  connection.write(
    `GET /v1/stream/${channel}?live=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n` +
      'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await statsOf(server).until(({ listeners, openStreams }) => listeners === 1 && openStreams === 1)
  connection.resume().end()
  await once(connection, 'close')
  await statsOf(server).untilAllIsFree()
})
