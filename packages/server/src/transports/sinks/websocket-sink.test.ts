import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { closePayload, frameBytes, frameOf } from '../../../../../tests/support/raw-websocket.js'
import type { WebSocketConnection, WebSocketListener } from '../websocket-connection.js'
import { frameHead, opcode } from './websocket-frame.js'
import { upgradeToWebSocket } from './websocket-sink.js'

const { close, ping, text } = frameOf
const upgrade =
  'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nHost: localhost\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

/** Who hears, and does nothing. */
const nobody: WebSocketListener = { tookMessage: () => {}, settled: async () => {}, gone: () => {} }

interface Ends {
  readonly connection: WebSocketConnection
  /** The server's. */
  readonly socket: Socket
  /** A bare connection, past the handshake, that has not been read since. */
  readonly client: Socket
}

async function open(): Promise<Ends> {
  const server = createServer()
  const taken = new Promise<{ connection: WebSocketConnection; socket: Socket }>((resolve) => {
    server.once('upgrade', (request, duplex, head) => {
      const socket = duplex as Socket
      const key = request.headers['sec-websocket-key'] ?? ''
      const options = { key, subprotocol: undefined, maxMessageBytes: 2 ** 20 }
      resolve({ connection: upgradeToWebSocket(socket, head, options), socket })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as AddressInfo).port
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => {})
  client.write(upgrade)
  await once(client, 'readable')
  expect(String(client.read())).toMatch(/^HTTP\/1\.1 101 /)
  const { connection, socket } = await taken
  onTestFinished(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return { connection, socket, client }
}

/** All that comes to this client until the other end has ended its side. */
async function untilEnd(client: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  client.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!client.readableEnded) await once(client, 'end')
  return Buffer.concat(chunks)
}

/** Sends as fast as the other end takes. */
async function send(client: Socket, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => client.write(bytes, () => resolve()))
}

describe('pings', () => {
  test('of a client that reads nothing cost one answer, and the latest is answered when it reads', async () => {
    const { connection, socket, client } = await open()
    connection.hear(nobody)
    // More than the system holds on its way to a client.
    const frame = Buffer.concat([frameHead(opcode.binary, 64 * 2 ** 20), Buffer.alloc(64 * 2 ** 20)])
    connection.push(frame)
    connection.flush()
    for (let count = 0; count < 200; count++) {
      const taken = once(socket, 'data')
      client.write(frameBytes({ opcode: ping, payload: String(count) }))
      await taken
    }
    let heardBytes = 0
    let tail = ''
    await new Promise<void>((resolve) =>
      client.on('data', (chunk: Buffer) => {
        heardBytes += chunk.byteLength
        tail = (tail + chunk.subarray(-8).toString('latin1')).slice(-8)
        if (tail.endsWith('199')) resolve()
      }),
    )
    // The answers to the first, which was written at once, and to the last.
    expect(heardBytes - frame.byteLength).toBe(2 + 1 + 2 + 3)
  })

  test('that come together are answered together', async () => {
    const { connection, socket, client } = await open()
    connection.hear(nobody)
    const writes = vi.spyOn(socket, 'write')
    const pings = Array.from({ length: 1_000 }, (_, index) =>
      frameBytes({ opcode: ping, payload: String(index).padStart(4, '0') }),
    )
    let heard = Buffer.alloc(0)
    client.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
    })
    await send(client, Buffer.concat(pings))
    while (heard.byteLength < 6_000) await once(client, 'data')
    expect(heard.toString('latin1').match(/\d{4}/g)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => String(index).padStart(4, '0')),
    )
    expect(writes.mock.calls.length).toBeLessThan(20)
  })
})

describe('a client that ends its half of the connection without a close frame', () => {
  test('gets what was written before, though the server closes meanwhile', async () => {
    const { connection, socket, client } = await open()
    const errors: Error[] = []
    socket.on('error', (error) => errors.push(error))
    connection.hear(nobody)
    const frame = Buffer.concat([frameHead(opcode.binary, 8 * 2 ** 20), Buffer.alloc(8 * 2 ** 20)])
    connection.push(frame)
    connection.flush()
    client.end()
    await once(socket, 'end')
    connection.close(1001, 'server-stopping')
    await nextTurn()
    expect((await untilEnd(client)).byteLength).toBe(frame.byteLength)
    expect(errors).toEqual([])
  })
})

describe('time is over', () => {
  function ownTime() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
  }

  test.each([
    ['never answers a close', []],
    ['answers a close with messages only', [frameBytes({ opcode: text, payload: 'more' })]],
    [
      'half a frame and then nothing',
      [frameBytes({ opcode: text, payload: 'more', announcedBytes: 2 ** 16 })],
    ],
  ])('for a client that %s', async (_, answers) => {
    const { connection, socket, client } = await open()
    socket.on('error', () => {})
    connection.hear(nobody)
    ownTime()
    connection.close(1000, 'enough')
    await once(client, 'readable')
    for (const answer of answers) client.write(answer)
    vi.advanceTimersByTime(29_999)
    await nextTurn()
    expect(socket.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(socket.destroyed).toBe(true)
    await once(socket, 'close')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('for appends that are not kept: the close is answered without them', async () => {
    const { connection, socket, client } = await open()
    connection.hear({ ...nobody, settled: () => new Promise(() => {}) })
    ownTime()
    client.write(frameBytes({ opcode: close, payload: closePayload(4000) }))
    while (vi.getTimerCount() === 0) await nextTurn()
    vi.advanceTimersByTime(5_000)
    expect(await untilEnd(client)).toEqual(Buffer.from([0x88, 2, 0x0f, 0xa0]))
    client.end()
    await once(socket, 'close')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('for nothing, once the client is gone while its close waits', async () => {
    const { connection, socket, client } = await open()
    socket.on('error', () => {})
    connection.hear({ ...nobody, settled: () => new Promise(() => {}) })
    ownTime()
    client.write(frameBytes({ opcode: close, payload: closePayload(1000) }))
    while (vi.getTimerCount() === 0) await nextTurn()
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    client.resetAndDestroy()
    await gone
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a close', () => {
  test('of both sides at once is one close frame each, and the end', async () => {
    const { connection, socket, client } = await open()
    let keep = () => {}
    const settled = () =>
      new Promise<void>((resolve) => {
        keep = resolve
      })
    connection.hear({ ...nobody, settled })
    connection.close(1000, 'enough')
    client.write(frameBytes({ opcode: close, payload: closePayload(4000) }))
    await once(socket, 'data')
    keep()
    expect(await untilEnd(client)).toEqual(Buffer.from([0x88, 8, 0x03, 0xe8, ...Buffer.from('enough')]))
    client.end()
    await once(socket, 'close')
  })

  test('while the client is not heard is answered all the same', async () => {
    const { connection, socket, client } = await open()
    connection.hear(nobody)
    connection.pause()
    connection.close(1001, '')
    client.write(frameBytes({ opcode: close, payload: closePayload(1001) }))
    expect(await untilEnd(client)).toEqual(Buffer.from([0x88, 2, 0x03, 0xe9]))
    client.end()
    await once(socket, 'close')
  })

  test('whose answer is the end of the connection alone ends it at once', async () => {
    const { connection, socket, client } = await open()
    connection.hear(nobody)
    connection.close(1001, '')
    await once(client, 'readable')
    client.end()
    await once(socket, 'close')
  })
})
