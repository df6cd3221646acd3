import { expect, test } from 'vitest'
import { RawWebSocket } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire()

const tooMany = `[${'1,'.repeat(100_000)}1]`

test('more than 100,000 messages in one body are refused: 413', async () => {
  const path = await server.create('many')
  const headers = { 'content-type': 'application/json' }
  const answer = await server.ask({ method: 'POST', target: path, headers, body: tooMany })
  expectProblem(answer, 413, 'messages-too-many')
  expect(await server.contents('many')).toBe('[]')
})

test('the largest body of the smallest messages is refused at once, and takes no memory', async () => {
  const path = await server.create('smallest')
  const headers = { 'content-type': 'application/json' }
  for (const body of [`[${'1,'.repeat(8 * 1024 * 1024 - 2)}1]`, '['.repeat(16 * 1024 * 1024)]) {
    const answer = await server.ask({ method: 'POST', target: path, headers, body })
    expect([400, 413]).toContain(answer.status)
  }
})

test('more than 100,000 messages in one envelope are refused', async () => {
  await server.create('many-enveloped')
  const socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
  const payload = `{"type":"publish","id":1,"channel":"many-enveloped","messages":${tooMany}}`
  socket.send({ opcode: 1, payload })
  expect(await socket.envelope('error')).toMatchObject({ id: 1, code: 'messages-too-many' })
  socket.destroy()
})

test('a text as long as a message may be is published in an envelope, in one piece', async () => {
  const socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
  for (const [contentType, message, encoding] of [
    ['text/plain', '🎂'.repeat(1024 * 1024), undefined],
    ['application/octet-stream', Buffer.alloc(4 * 1024 * 1024, 7).toString('base64'), 'base64'],
  ] as const) {
    const channel = `long-${contentType.length}`
    await server.create(channel, contentType)
    const envelope = { type: 'publish', channel, messages: [message], encoding }
    socket.send({ opcode: 1, payload: JSON.stringify(envelope) })
    expect(await socket.envelope('published')).toMatchObject({
      nextOffset: expect.stringMatching(/_0000000004194304$/),
    })
  }
  socket.destroy()
})
