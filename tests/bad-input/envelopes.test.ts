import { type ProblemCode, problems } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { frameOf, RawWebSocket } from '../support/raw-websocket.js'
import { expectNothingOfTheInside, serverUnderFire } from '../support/server-under-fire.js'
import { statsOf } from '../support/stats.js'

const server = serverUnderFire({ maxMessageBytes: 1024 })

let count = 0

function openSocket() {
  return RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
}

async function makeChannel(contentType?: string): Promise<string> {
  const name = `envelopes-${count++}`
  await server.create(name, contentType)
  return name
}

/** What a socket answers to this text; it goes on afterwards. */
async function answerTo(payload: string, type = 'error') {
  const socket = await openSocket()
  socket.send({ opcode: frameOf.text, payload })
  const answer = await socket.envelope(type)
  expectNothingOfTheInside(JSON.stringify(answer))
  if (type === 'error') {
    expect(answer.detail).toEqual(expect.any(String))
    expect(answer.status).toBe(problems[answer.code as ProblemCode].status)
  }
  socket.send({ opcode: frameOf.text, payload: '{"type":"ping"}' })
  await socket.envelope('pong')
  socket.destroy()
  return answer
}

const answerToEnvelope = (envelope: object, type?: string) => answerTo(JSON.stringify(envelope), type)

test.each([
  'cake',
  '',
  '[]',
  'null',
  '"publish"',
  '17',
  '{"type":"ping"',
  '{"type":"ping"} {"type":"ping"}',
  '{"type":"ping",}',
  '\ufeff{"type":"ping"}',
  '{}',
  '{"type":null}',
  '{"type":["ping"]}',
  '{"type":"Ping"}',
  '{"type":"welcome"}',
  '{"type":"__proto__"}',
  '{"type":"constructor"}',
  '['.repeat(100_000),
  '{"type":'.repeat(100_000),
])('%j is no envelope', async (payload) => {
  expect(await answerTo(payload)).toMatchObject({ code: 'envelope-invalid' })
})

const channel = 'witnesses'

test.each([
  [{ type: 'subscribe' }],
  [{ type: 'subscribe', channel: 5 }],
  [{ type: 'subscribe', channel: [channel] }],
  [{ type: 'subscribe', channel, offset: 5 }],
  [{ type: 'subscribe', channel, offset: null }],
  [{ type: 'subscribe', channel, offset: {} }],
  [{ type: 'subscribe', channel, offsets: 'true' }],
  [{ type: 'unsubscribe' }],
  [{ type: 'unsubscribe', channel: {} }],
  [{ type: 'publish', id: 7 }],
  [{ type: 'publish', id: 7, channel: true, messages: [1] }],
  [{ type: 'publish', id: 7, channel, messages: 'cake' }],
  [{ type: 'publish', id: 7, channel, messages: { 0: 1 } }],
  [{ type: 'publish', id: 7, channel, messages: null }],
  [{ type: 'publish', id: 7, channel, messages: [1], encoding: 'hex' }],
  [{ type: 'publish', id: 7, channel, messages: [1], encoding: null }],
  [{ type: 'publish', id: 7, channel, messages: [1], close: 'true' }],
  [{ type: 'publish', id: 7, channel, messages: [1], close: 1 }],
  [{ type: 'publish', id: 7, channel, messages: [1], producer: 'p1' }],
  [{ type: 'publish', id: 7, channel, messages: [1], producer: null }],
])('%j has a field of the wrong type: refused, about its id and channel', async (envelope) => {
  const answer = await answerToEnvelope(envelope)
  expect(answer.code).toBe('envelope-invalid')
  expect(answer.id).toBe('id' in envelope ? 7 : undefined)
  const named = 'channel' in envelope && typeof envelope.channel === 'string' ? envelope.channel : undefined
  expect(answer.channel).toBe(named)
})

test.each(['true', 'null', '{}', '[1]', '1e999', '9007199254740993', JSON.stringify('x'.repeat(257))])(
  'an id of %s could not be told back as it was sent: refused without it',
  async (id) => {
    const answer = await answerTo(`{"type":"publish","id":${id},"channel":"${channel}","messages":[1]}`)
    expect(answer).toMatchObject({ code: 'envelope-invalid', channel })
    expect(answer).not.toHaveProperty('id')
  },
)

test.each([0, -1, 1.5, 9007199254740991, '', 'seven', '\u0000\ud800', 'x'.repeat(256)])(
  'an id of %j is told back',
  async (id) => {
    const name = await makeChannel()
    const envelope = { type: 'publish', id, channel: name, messages: [1] }
    expect(await answerToEnvelope(envelope, 'published')).toMatchObject({ id, channel: name })
    expect(await answerToEnvelope({ ...envelope, messages: [] })).toMatchObject({ id, code: 'message-empty' })
  },
)

test('a channel that is not there is told with the id of who asked', async () => {
  for (const id of [7, 'seven']) {
    expect(await answerToEnvelope({ type: 'publish', id, channel: 'nobody', messages: [1] })).toMatchObject({
      id,
      channel: 'nobody',
      code: 'channel-unknown',
    })
  }
  expect(await answerToEnvelope({ type: 'subscribe', channel: 'nobody' })).toMatchObject({
    channel: 'nobody',
    code: 'channel-unknown',
  })
})

test('a second subscription to a channel is refused; to end one that is not there is no trouble', async () => {
  const name = await makeChannel()
  const socket = await openSocket()
  const send = (envelope: object) => socket.send({ opcode: 1, payload: JSON.stringify(envelope) })
  send({ type: 'subscribe', channel: name })
  await socket.envelope('data')
  send({ type: 'subscribe', channel: name, offset: '-1' })
  expect(await socket.envelope('error')).toMatchObject({ channel: name, code: 'subscription-exists' })
  for (let times = 0; times < 2; times++) {
    send({ type: 'unsubscribe', channel: name })
    expect(await socket.envelope('unsubscribed')).toMatchObject({ channel: name })
  }
  send({ type: 'unsubscribe', channel: 'nobody' })
  expect(await socket.envelope('unsubscribed')).toMatchObject({ channel: 'nobody' })
  // A refused subscription leaves none behind.
  send({ type: 'subscribe', channel: name, offset: 'x' })
  expect(await socket.envelope('error')).toMatchObject({ code: 'offset-malformed' })
  send({ type: 'subscribe', channel: name })
  await socket.envelope('data')
  socket.destroy()
})

test.each([
  ['application/json', undefined, [], 'message-empty'],
  ['application/json', 'base64', ['AAAA'], 'message-invalid'],
  ['text/plain', undefined, [1], 'message-invalid'],
  ['text/plain', undefined, [['cake']], 'message-invalid'],
  ['text/plain', undefined, [null], 'message-invalid'],
  ['text/plain', undefined, ['cake', 5], 'message-invalid'],
  ['text/plain', undefined, [''], 'message-empty'],
  ['text/plain', undefined, ['half \ud83c'], 'message-invalid'],
  ['text/plain', undefined, ['\udf82 half'], 'message-invalid'],
  ['text/plain', 'base64', ['AAAA'], 'message-invalid'],
  ['text/plain', undefined, ['x'.repeat(1025)], 'message-too-large'],
  ['text/plain', undefined, ['ä'.repeat(513)], 'message-too-large'],
  ['application/json', undefined, ['x'.repeat(1023)], 'message-too-large'],
  ['image/png', undefined, ['AAAA'], 'message-invalid'],
  ['image/png', 'base64', ['AAA'], 'message-invalid'],
  ['image/png', 'base64', ['A==='], 'message-invalid'],
  ['image/png', 'base64', ['AA=A'], 'message-invalid'],
  ['image/png', 'base64', ['AA-_'], 'message-invalid'],
  ['image/png', 'base64', ['AAAA\n'], 'message-invalid'],
  ['image/png', 'base64', [' AAA'], 'message-invalid'],
  ['image/png', 'base64', [''], 'message-empty'],
  ['image/png', 'base64', [5], 'message-invalid'],
  ['image/png', 'base64', ['AAAA'.repeat(342)], 'message-too-large'],
] as const)(
  'to a channel of %s with encoding %s, %j is refused: nothing of it is kept',
  async (type, encoding, messages, code) => {
    const name = await makeChannel(type)
    const envelope = { type: 'publish', id: 7, channel: name, messages, encoding }
    expect(await answerToEnvelope(envelope)).toMatchObject({ id: 7, channel: name, code })
    expect(await server.contents(name)).toBe(type === 'application/json' ? '[]' : '')
  },
)

test('without messages a publish is refused, unless it closes', async () => {
  const name = await makeChannel()
  expect(await answerToEnvelope({ type: 'publish', channel: name })).toMatchObject({ code: 'message-empty' })
  await answerToEnvelope({ type: 'publish', channel: name, close: true }, 'published')
  expect(await answerToEnvelope({ type: 'publish', id: 7, channel: name, messages: [1] })).toMatchObject({
    id: 7,
    code: 'channel-closed',
    closed: true,
    nextOffset: expect.any(String),
  })
})

test('of a field that stands twice the last one counts, for everybody', async () => {
  const name = await makeChannel()
  const payload = `{"type":"ping","channel":"nobody","messages":[1],"messages":[2],"channel":"${name}","type":"publish"}`
  await answerTo(payload, 'published')
  expect(await server.contents(name)).toBe('[2]')
})

test('JSON values are kept as they stand in the envelope', async () => {
  const name = await makeChannel()
  const values = '9007199254740993, {"b":1 , "a":1.0},"\\ud800" ,[ ]'
  await answerTo(` {"messages" : [ ${values} ],"channel":"${name}","type":"publish" } `, 'published')
  expect(await server.contents(name)).toBe('[9007199254740993,{"b":1 , "a":1.0},"\\ud800",[ ]]')
})

test.each([
  [{ epoch: 0, seq: 0 }],
  [{ id: '', epoch: 0, seq: 0 }],
  [{ id: 5, epoch: 0, seq: 0 }],
  [{ id: 'x'.repeat(257), epoch: 0, seq: 0 }],
  [{ id: 'a\nb', epoch: 0, seq: 0 }],
  [{ id: 'p', epoch: '0', seq: 0 }],
  [{ id: 'p', epoch: -1, seq: 0 }],
  [{ id: 'p', epoch: 0.5, seq: 0 }],
  [{ id: 'p', epoch: 2 ** 53, seq: 0 }],
  [{ id: 'p', epoch: 0 }],
  [{ id: 'p', epoch: 0, seq: null }],
  [{ id: 'p', epoch: 0, seq: 2 ** 53 }],
  [['p', 0, 0]],
])('a producer of %j is refused, with the id of who asked', async (producer) => {
  const answer = await answerToEnvelope({ type: 'publish', id: 7, channel, messages: [1], producer })
  expect(answer).toMatchObject({ id: 7, channel, code: 'producer-invalid' })
})

test('a gap, a stale epoch and a bad new one tell the facts as fields', async () => {
  const name = await makeChannel()
  const publish = (epoch: number, seq: number) => ({
    type: 'publish',
    id: `${epoch}.${seq}`,
    channel: name,
    messages: [1],
    producer: { id: 'p', epoch, seq },
  })
  expect(await answerToEnvelope(publish(0, 1))).toMatchObject({
    id: '0.1',
    channel: name,
    code: 'producer-gap',
    expectedSeq: 0,
    receivedSeq: 1,
  })
  expect(await answerToEnvelope(publish(3, 0), 'published')).toMatchObject({ id: '3.0', duplicate: false })
  expect(await answerToEnvelope(publish(2, 0))).toMatchObject({
    id: '2.0',
    code: 'producer-stale',
    currentEpoch: 3,
  })
  expect(await answerToEnvelope(publish(4, 1))).toMatchObject({ id: '4.1', code: 'producer-invalid' })
  expect(await answerToEnvelope(publish(3, 5))).toMatchObject({ expectedSeq: 1, receivedSeq: 5 })
})

test('a binary frame closes the socket with 1003; what was published before it is kept and told', async () => {
  const name = await makeChannel()
  const socket = await openSocket()
  const publish = (message: number) =>
    ({ opcode: 1, payload: JSON.stringify({ type: 'publish', channel: name, messages: [message] }) }) as const
  socket.send(publish(1), { opcode: 2, payload: '{"type":"ping"}' }, publish(2))
  const closed = await socket.untilClose()
  expect(closed).toMatchObject({ code: 1003, reason: 'message-kind-wrong' })
  expect(closed.frames.map(({ payload }) => JSON.parse(payload.toString()).type)).toEqual([
    'welcome',
    'published',
  ])
  expect(await server.contents(name)).toBe('[1]')
  socket.destroy()
})

test('a token is not needed yet: not implemented', async () => {
  expect(await answerToEnvelope({ type: 'auth', token: 'secret' })).toMatchObject({ code: 'not-implemented' })
})

test('a client that sends nonsense and does not read is not read, and is answered when it reads', async () => {
  const socket = await openSocket()
  await socket.envelope('welcome')
  socket.connection.pause()
  const { now } = statsOf(server)
  // Two kilobytes of answer each: more than the system's buffers hold, long before the end.
  const payload = JSON.stringify({ type: 'subscribe', channel: 'x'.repeat(1000) })
  const round = Array.from({ length: 1_000 }, () => ({ opcode: frameOf.text, payload }))
  let sent = 0
  let heard = -1
  for (let untaken = 0; untaken < 5; ) {
    socket.send(...round)
    sent += round.length
    const { bytesIn } = (await now()).ways.websocket
    untaken = bytesIn > heard ? 0 : untaken + 1
    heard = bytesIn
    expect(sent).toBeLessThan(100_000)
  }
  socket.connection.resume()
  for (let answers = 0; answers < sent; answers++) await socket.envelope('error')
  socket.destroy()
})
