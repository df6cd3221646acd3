import { expect, test } from 'vitest'
import { type ClientFrame, closePayload, frameOf, RawWebSocket } from '../support/raw-websocket.js'
import { serverUnderFire } from '../support/server-under-fire.js'
import { statsOf } from '../support/stats.js'

const server = serverUnderFire({ maxBodyBytes: 64 * 1024, maxMessageBytes: 1024 })

const { text, binary, continuation, close, ping, pong } = frameOf
const json = 'application/json'
const plain = 'text/plain'
const bytes = 'application/octet-stream'
const invalidUtf8 = Buffer.from([0x22, 0xc3, 0x22])

let count = 0

async function openPlain(contentType = json) {
  const name = `frames-${count++}`
  const path = await server.create(name, contentType)
  const socket = await RawWebSocket.open(server.url, `${path}?live=websocket`)
  return { name, path, socket }
}

/** A good message, then a bad frame, then a message that is never heard. */
async function expectRefusal(bad: readonly ClientFrame[], code: number, reason: string, contentType = json) {
  const { name, socket } = await openPlain(contentType)
  const opcode = contentType === bytes ? binary : text
  socket.send({ opcode, payload: '"good"' }, ...bad, { opcode, payload: '"late"' })
  const closed = await socket.untilClose()
  expect(closed).toMatchObject({ code, reason })
  expect(closed.frames.map(({ payload }) => payload.toString())).toEqual(['"good"'])
  socket.send({ opcode: close, payload: closePayload(code) })
  await socket.connection.gone()
  expect(await server.contents(name)).toBe(contentType === json ? '["good"]' : '"good"')
}

test.each([
  ['a binary frame on a JSON channel', json, { opcode: binary, payload: '"x"' }],
  ['a binary frame on a text channel', plain, { opcode: binary, payload: 'x' }],
  ['a text frame on a binary channel', bytes, { opcode: text, payload: 'x' }],
  ['an empty frame of the wrong kind', json, { opcode: binary }],
])('%s closes with 1003', async (_, contentType, frame) => {
  await expectRefusal([frame], 1003, 'message-kind-wrong', contentType)
})

test.each([
  ['a word', 'cake'],
  ['two values', '1 2'],
  ['a value that does not end', '{"a":'],
  ['white space', '  '],
  ['a byte order mark', '\ufeff1'],
  ["a thousand '['", '['.repeat(1000)],
])('%s is no JSON value: 1007', async (_, payload) => {
  await expectRefusal([{ opcode: text, payload }], 1007, 'message-invalid')
})

test.each([json, plain])('invalid UTF-8 on a %s channel closes with 1007', async (contentType) => {
  await expectRefusal([{ opcode: text, payload: invalidUtf8 }], 1007, 'message-invalid', contentType)
})

test('UTF-8 may be cut between fragments, and not left so', async () => {
  const cake = Buffer.from('"🎂"')
  const cut: ClientFrame[] = [
    { opcode: text, payload: cake.subarray(0, 3), isFinal: false },
    { opcode: continuation, payload: cake.subarray(3) },
  ]
  const { name, socket } = await openPlain()
  socket.send(...cut)
  expect((await socket.next()).payload.toString()).toBe('"🎂"')
  expect(await server.contents(name)).toBe('["🎂"]')
  socket.destroy()
  await expectRefusal(
    [cut[0] as ClientFrame, { opcode: continuation, payload: '"' }],
    1007,
    'message-invalid',
  )
})

test.each([
  [json, { opcode: text }],
  [plain, { opcode: text }],
  [bytes, { opcode: binary }],
])('an empty message on a %s channel closes with 1008', async (contentType, frame) => {
  await expectRefusal([frame], 1008, 'message-empty', contentType)
})

test('a message over its limit closes with 1009, in one frame and in fragments', async () => {
  const large = `"${'x'.repeat(1023)}"`
  await expectRefusal([{ opcode: text, payload: large }], 1009, 'message-too-large')
  await expectRefusal(
    [
      { opcode: text, payload: large.slice(0, 600), isFinal: false },
      { opcode: continuation, payload: large.slice(600) },
    ],
    1009,
    'message-too-large',
  )
})

test('a frame over the limit of a body closes with 1009 before its payload has come', async () => {
  for (const announcedBytes of [64 * 1024 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    await expectRefusal([{ opcode: text, announcedBytes }], 1009, 'message-too-large')
  }
})

test('fragments that together are over the limit of a body close with 1009', async () => {
  const part = { opcode: continuation, payload: 'x'.repeat(40 * 1024), isFinal: false }
  await expectRefusal([{ ...part, opcode: text }, part], 1009, 'message-too-large')
})

test.each<[string, ClientFrame[]]>([
  ['a frame that is not masked', [{ opcode: text, payload: '1', isMasked: false }]],
  ['the first reserved bit', [{ opcode: text, payload: '1', reserved: 4 }]],
  ['the second reserved bit', [{ opcode: text, payload: '1', reserved: 2 }]],
  ['the third reserved bit', [{ opcode: text, payload: '1', reserved: 1 }]],
  ['a reserved data opcode', [{ opcode: 0x3, payload: '1' }]],
  ['a reserved control opcode', [{ opcode: 0xb }]],
  ['a ping in fragments', [{ opcode: ping, isFinal: false }]],
  ['a ping of 126 bytes', [{ opcode: ping, payload: 'x'.repeat(126) }]],
  ['a continuation of nothing', [{ opcode: continuation, payload: '1' }]],
  [
    'a message within a message',
    [
      { opcode: text, payload: '1', isFinal: false },
      { opcode: text, payload: '2' },
    ],
  ],
  ['a close of one byte', [{ opcode: close, payload: 'x' }]],
  ['a close with code 0', [{ opcode: close, payload: closePayload(0) }]],
  ['a close with code 999', [{ opcode: close, payload: closePayload(999) }]],
  ['a close with code 1005', [{ opcode: close, payload: closePayload(1005) }]],
  ['a close with code 1006', [{ opcode: close, payload: closePayload(1006) }]],
  ['a close with code 2999', [{ opcode: close, payload: closePayload(2999) }]],
  ['a close with code 65535', [{ opcode: close, payload: closePayload(65535) }]],
])('%s is a protocol error: 1002', async (_, bad) => {
  await expectRefusal(bad, 1002, 'request-malformed')
})

test('a close whose reason is no UTF-8 is answered with 1007', async () => {
  const payload = Buffer.concat([closePayload(1000), invalidUtf8])
  await expectRefusal([{ opcode: close, payload }], 1007, 'message-invalid')
})

test.each([
  [1000, 1000],
  [3000, 3000],
  [4999, 4999],
  [undefined, undefined],
])('a close with %s is answered with the same, after the appends before it', async (code, answered) => {
  const { name, socket } = await openPlain()
  socket.send(
    { opcode: text, payload: '1' },
    { opcode: text, payload: '2' },
    { opcode: close, ...(code !== undefined && { payload: closePayload(code, 'enough') }) },
  )
  const closed = await socket.untilClose()
  expect(closed.code).toBe(answered)
  expect(closed.frames.map(({ payload }) => payload.toString())).toEqual(['1', '2'])
  await socket.connection.gone()
  expect(await server.contents(name)).toBe('[1,2]')
})

test('nothing follows a close frame, though its answer does not come', async () => {
  const { path, socket } = await openPlain()
  socket.send({ opcode: binary, payload: 'x' })
  expect((await socket.untilClose()).code).toBe(1003)
  const headers = { 'content-type': json }
  await server.ask({ method: 'POST', target: path, headers, body: '[1]' })
  socket.send({ opcode: close, payload: closePayload(1003) })
  expect((await socket.connection.rest()).byteLength).toBe(0)
})

test('a frame that was begun and cut leaves nothing behind', async () => {
  const stats = statsOf(server)
  const before = await stats.now()
  const { name, socket } = await openPlain()
  socket.send({ opcode: text, payload: '"half', announcedBytes: 1000 })
  socket.destroy()
  await stats.until(
    ({ openStreams, listeners }) => openStreams === before.openStreams && listeners === before.listeners,
  )
  expect(await server.contents(name)).toBe('[]')
})

test('a frame to a channel that was closed is refused: the socket was closed with it', async () => {
  const { path, socket } = await openPlain()
  await server.ask({ method: 'POST', target: path, headers: { 'stream-closed': 'true' } })
  expect(await socket.untilClose()).toMatchObject({ code: 1000, reason: 'channel-closed' })
  socket.destroy()
  const late = await RawWebSocket.open(server.url, `${path}?live=websocket`)
  expect(await late.untilClose()).toMatchObject({ code: 1000, reason: 'channel-closed' })
  late.destroy()
})

test('a socket whose channel is deleted is closed with 1008; a new channel of the name does not get its frames', async () => {
  const { name, path, socket } = await openPlain()
  await server.ask({ method: 'DELETE', target: path })
  await server.create(name)
  socket.send({ opcode: text, payload: '"late"' })
  expect(await socket.untilClose()).toMatchObject({ code: 1008, reason: 'channel-unknown' })
  expect(await server.contents(name)).toBe('[]')
  socket.destroy()
})

test('pings are answered with what they carry, between fragments too, and pongs are not', async () => {
  const { socket } = await openPlain()
  socket.send(
    { opcode: pong, payload: 'unasked' },
    { opcode: text, payload: '[1', isFinal: false },
    { opcode: ping, payload: 'are you there?' },
    { opcode: continuation, payload: ',2]' },
  )
  expect(await socket.next()).toMatchObject({ opcode: pong, payload: Buffer.from('are you there?') })
  expect((await socket.next()).payload.toString()).toBe('[1,2]')
  socket.destroy()
})

test('a thousand pings at once are answered up to the last, in order, and the socket goes on', async () => {
  const { socket } = await openPlain()
  const word = (index: number) => String(index).padStart(125, '0')
  socket.send(...Array.from({ length: 1_000 }, (_, index) => ({ opcode: ping, payload: word(index) })))
  // Those of a client that is slow to read need not all be answered: RFC 6455 §5.5.3.
  for (let last = -1; last < 999; ) {
    const { opcode, payload } = await socket.next()
    expect(opcode).toBe(pong)
    expect(Number(payload)).toBeGreaterThan(last)
    last = Number(payload)
  }
  socket.send({ opcode: text, payload: '1' })
  expect((await socket.next()).payload.toString()).toBe('1')
  socket.destroy()
})

test('a message may come in more fragments than anybody needs', async () => {
  const { name, socket } = await openPlain()
  const parts: ClientFrame[] = Array.from({ length: 50_000 }, (_, index) => ({
    opcode: continuation,
    payload: index % 100 === 0 ? '7' : '',
    isFinal: index === 49_999,
  }))
  socket.send({ opcode: text, payload: '7', isFinal: false }, ...parts)
  expect((await socket.next()).payload.toString()).toBe('7'.repeat(501))
  expect(await server.contents(name)).toBe(`[${'7'.repeat(501)}]`)
  socket.destroy()
})
