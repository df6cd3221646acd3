import { expect, test } from 'vitest'
import { RawConnection, requestBytes } from '../support/raw-connection.js'
import { RawWebSocket } from '../support/raw-websocket.js'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'
import { appendByPost, appendBySocket, outcomeOf, postRequest } from './support.js'

const server = serverUnderFire()

function openSocket() {
  return RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
}

test.each<[string, Record<string, string>]>([
  ['no id', { 'producer-epoch': '0', 'producer-seq': '0' }],
  ['no epoch', { 'producer-id': 'p', 'producer-seq': '0' }],
  ['no sequence', { 'producer-id': 'p', 'producer-epoch': '0' }],
  ['only an id', { 'producer-id': 'p' }],
  ['an empty id', { 'producer-id': '', 'producer-epoch': '0', 'producer-seq': '0' }],
  ['an id of 257 characters', { 'producer-id': 'x'.repeat(257), 'producer-epoch': '0', 'producer-seq': '0' }],
  ['a tab in the id', { 'producer-id': 'a\tb', 'producer-epoch': '0', 'producer-seq': '0' }],
  ['an id beyond ASCII', { 'producer-id': 'caf\xe9', 'producer-epoch': '0', 'producer-seq': '0' }],
  ...[
    '',
    'one',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    ' ',
    '1 2',
    '1, 1',
    '9007199254740992',
    '1'.repeat(40),
  ].flatMap((junk): [string, Record<string, string>][] => [
    [`an epoch of "${junk}"`, { 'producer-id': 'p', 'producer-epoch': junk, 'producer-seq': '0' }],
    [`a sequence of "${junk}"`, { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': junk }],
  ]),
])('%s is no producer: 400, and nothing is kept', async (what, producer) => {
  const name = `headers-${Buffer.from(what).toString('hex').slice(0, 100)}`
  const path = await server.create(name)
  const headers = { 'content-type': 'application/json', ...producer }
  expectProblem(
    await server.ask({ method: 'POST', target: path, headers, body: '[1]' }),
    400,
    'producer-invalid',
  )
  const close = { ...producer, 'stream-closed': 'true' }
  expectProblem(await server.ask({ method: 'POST', target: path, headers: close }), 400, 'producer-invalid')
  expect(await server.contents(name)).toBe('[]')
})

test('a header that comes twice is no producer: 400', async () => {
  const path = await server.create('headers-twice')
  for (const name of ['producer-id', 'producer-epoch', 'producer-seq']) {
    const request = postRequest(path, { id: '7', epoch: 0, seq: 0, message: 1 })
    const value = request.headers[name as 'producer-id']
    const answer = await server.ask({ ...request, headers: { ...request.headers, [name]: [value, value] } })
    // Two ids are one text with a comma in it: another producer, whose first append this is.
    if (name === 'producer-id') expect(answer.status).toBe(200)
    else expectProblem(answer, 400, 'producer-invalid')
  }
})

test('the largest numbers are taken: an epoch of 2^53-1', async () => {
  const path = await server.create('largest')
  const epoch = Number.MAX_SAFE_INTEGER
  expect(await appendByPost(server.url, path, { id: 'p', epoch, seq: 0, message: 1 })).toMatchObject({
    kept: 'new',
  })
  expect(await appendByPost(server.url, path, { id: 'p', epoch: 0, seq: 0, message: 2 })).toEqual({
    refused: 'producer-stale',
    currentEpoch: epoch,
  })
})

test('a refusal tells the facts in headers, as an acknowledgement does', async () => {
  const path = await server.create('facts')
  const append = (epoch: number, seq: number) =>
    server.ask(postRequest(path, { id: 'p', epoch, seq, message: [epoch, seq] }))
  const gapAtFirst = await append(2, 1)
  expectProblem(gapAtFirst, 409, 'producer-gap')
  expect(gapAtFirst.headers).toMatchObject({ 'producer-expected-seq': '0', 'producer-received-seq': '1' })

  expect(await append(2, 0)).toMatchObject({
    status: 200,
    headers: { 'producer-epoch': '2', 'producer-seq': '0' },
  })
  expect((await append(2, 1)).headers).toMatchObject({ 'producer-epoch': '2', 'producer-seq': '1' })
  // A duplicate is told the highest that was taken, not its own.
  expect(await append(2, 0)).toMatchObject({
    status: 204,
    headers: { 'producer-epoch': '2', 'producer-seq': '1' },
  })

  const gap = await append(2, 7)
  expectProblem(gap, 409, 'producer-gap')
  expect(gap.headers).toMatchObject({ 'producer-expected-seq': '2', 'producer-received-seq': '7' })
  const stale = await append(1, 0)
  expectProblem(stale, 403, 'producer-stale')
  expect(stale.headers['producer-epoch']).toBe('2')
  expectProblem(await append(3, 1), 400, 'producer-invalid')
  expect(await server.contents('facts')).toBe('[[2,0],[2,1]]')
})

test('an append that was refused takes no number: the producer goes on with it', async () => {
  const path = await server.create('refused')
  const request = postRequest(path, { id: 'p', epoch: 0, seq: 0, message: 1 })
  expectProblem(await server.ask({ ...request, body: 'nonsense' }), 400, 'message-invalid')
  expectProblem(await server.ask({ ...request, body: '[]' }), 400, 'message-empty')
  const otherType = { ...request.headers, 'content-type': 'text/plain' }
  expectProblem(await server.ask({ ...request, headers: otherType }), 409, 'content-type-mismatch')
  expect((await server.ask(request)).status).toBe(200)
  expect(await server.contents('refused')).toBe('[1]')
})

test('the same append sent many times at once, over POST and over sockets, is kept once and acknowledged to all', async () => {
  for (let round = 0; round < 10; round++) {
    const name = `at-once-${round}`
    const path = await server.create(name)
    const append = { id: 'p', epoch: 0, seq: 0, message: round }
    const sockets = await Promise.all([openSocket(), openSocket()])
    const outcomes = await Promise.all([
      ...Array.from({ length: 6 }, () => appendByPost(server.url, path, append)),
      ...sockets.map((socket) => appendBySocket(socket, name, append)),
    ])
    for (const socket of sockets) socket.destroy()
    const [first] = outcomes
    expect(outcomes.filter((outcome) => 'kept' in outcome && outcome.kept === 'new')).toHaveLength(1)
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ nextOffset: (first as { nextOffset: string }).nextOffset })
    expect(await server.contents(name)).toBe(`[${round}]`)
  }
})

test('the same append sent twice in one go on one connection is kept once', async () => {
  const path = await server.create('one-connection')
  const append = { id: 'p', epoch: 0, seq: 0, message: 1 }
  const bytes = requestBytes(server.url, postRequest(path, append))
  const connection = await RawConnection.open(server.url)
  connection.send(Buffer.concat([bytes, bytes, bytes]))
  const outcomes = [await connection.answer(), await connection.answer(), await connection.answer()]
  expect(outcomes.map((answer) => outcomeOf(answer, append))).toMatchObject([
    { kept: 'new' },
    { kept: 'duplicate' },
    { kept: 'duplicate' },
  ])
  connection.destroy()
  expect(await server.contents('one-connection')).toBe('[1]')
})

test('a whole row of appends that is on its way at once is kept in order', async () => {
  const path = await server.create('row')
  const connection = await RawConnection.open(server.url)
  const appends = Array.from({ length: 90 }, (_, seq) => ({ id: 'p', epoch: 0, seq, message: seq }))
  connection.send(Buffer.concat(appends.map((append) => requestBytes(server.url, postRequest(path, append)))))
  for (const append of appends) {
    expect(outcomeOf(await connection.answer(), append)).toMatchObject({ kept: 'new' })
  }
  connection.destroy()
  expect(JSON.parse(await server.contents('row'))).toEqual(appends.map(({ message }) => message))
})

test('a producer goes on over a socket where it was over POST, and back', async () => {
  const path = await server.create('both-ways')
  const socket = await openSocket()
  const overPost = (seq: number) =>
    appendByPost(server.url, path, { id: 'a b/"u', epoch: 1, seq, message: seq })
  const overSocket = (seq: number) =>
    appendBySocket(socket, 'both-ways', { id: 'a b/"u', epoch: 1, seq, message: seq })
  expect(await overPost(0)).toMatchObject({ kept: 'new' })
  expect(await overSocket(0)).toMatchObject({ kept: 'duplicate' })
  expect(await overSocket(1)).toMatchObject({ kept: 'new' })
  expect(await overPost(1)).toMatchObject({ kept: 'duplicate' })
  expect(await overPost(3)).toEqual({ refused: 'producer-gap', expectedSeq: 2, receivedSeq: 3 })
  expect(await overSocket(3)).toEqual({ refused: 'producer-gap', expectedSeq: 2, receivedSeq: 3 })
  expect(await overPost(2)).toMatchObject({ kept: 'new' })
  socket.destroy()
  expect(await server.contents('both-ways')).toBe('[0,1,2]')
})

test('a closing append that is tried again is acknowledged; another is refused', async () => {
  const path = await server.create('closing')
  const closing = { id: 'p', epoch: 0, seq: 0, message: 'last', close: true }
  const first = await server.ask(postRequest(path, closing))
  expect(first).toMatchObject({ status: 200, headers: { 'stream-closed': 'true' } })
  const again = await server.ask(postRequest(path, closing))
  expect(again).toMatchObject({ status: 204, headers: { 'stream-closed': 'true' } })
  expect(again.headers['stream-next-offset']).toBe(first.headers['stream-next-offset'])
  for (const other of [
    { ...closing, seq: 1 },
    { ...closing, id: 'q' },
    { ...closing, epoch: 1 },
  ]) {
    const answer = await server.ask(postRequest(path, other))
    expectProblem(answer, 409, 'channel-closed')
    expect(answer.headers).toMatchObject({
      'stream-closed': 'true',
      'stream-next-offset': first.headers['stream-next-offset'],
    })
  }
  expect(await server.contents('closing')).toBe('["last"]')
})

test('a channel that is made again has forgotten its producers', async () => {
  const path = await server.create('forgotten')
  const append = { id: 'p', epoch: 5, seq: 0, message: 1 }
  await appendByPost(server.url, path, append)
  await server.ask({ method: 'DELETE', target: path })
  await server.create('forgotten')
  expect(await appendByPost(server.url, path, { ...append, epoch: 0 })).toMatchObject({ kept: 'new' })
  expect(await server.contents('forgotten')).toBe('[1]')
})
