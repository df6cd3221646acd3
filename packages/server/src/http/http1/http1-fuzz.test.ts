import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { conversation } from '../../../../../tests/support/http1-conversations.js'
import { differenceOf, type Heard, type Taken } from '../../../../../tests/support/http1-differences.js'
import { randomOf, seedOfRun } from '../../../../../tests/support/random.js'
import { Http1Server, type Turn } from './index.js'

/** One end of a connection, of which a test has the other. */
class SocketOfTest extends Duplex {
  text = ''

  constructor() {
    super({ allowHalfOpen: true })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('latin1')
    done()
  }

  setTimeout(): this {
    return this
  }

  destroySoon(): void {
    this.end(() => this.destroy())
  }
}

const bounds = { maxBytes: 1_000_000, hasRoom: () => true }

/** @returns what makes of chunks what our server hears */
function ours(): (chunks: readonly Buffer[]) => Promise<Heard> {
  const heard = new WeakMap<object, Heard>()
  const server = new Http1Server({
    wireOf: (socket) => socket,
    isAppend: ({ method, bodyBytes }) => method === 'POST' && bodyBytes !== 'chunked',
    take: (turn) => void take(turn),
    // All conversations are held in a few turns.
    turnMs: Number.POSITIVE_INFINITY,
  })
  onTestFinished(() => server.close())
  async function take(turn: Turn): Promise<void> {
    const { method, url, headers } = turn.request
    const taken: Taken = { method, url, headers: { ...headers }, staysOpen: !turn.isLast }
    heard.get(turn.wire)?.taken.push(taken)
    try {
      const whole = turn.takeBody(bounds)
      turn.placed()
      const body = whole ?? (await turn.readBody(bounds))
      taken.body = body.toString('base64')
    } catch {
      return
    }
    await turnOfTheLoop()
    if (!turn.isGone)
      turn.answer(200, { 'content-length': '0' }, undefined, { isLast: false, isRestUncertain: false })
  }
  return async (chunks) => {
    const socket = new SocketOfTest()
    const all: Heard = { taken: [] }
    heard.set(socket, all)
    server.serve(socket as unknown as Socket)
    await send(socket, chunks)
    const refusal = /^HTTP\/1\.1 ([45]\d\d)/m.exec(socket.text)?.[1]
    if (refusal) all.refusal = Number(refusal)
    else if (socket.destroyed) all.refusal = 0
    socket.destroy()
    return all
  }
}

/** The same of Node's own server, which many have tried to break. */
function theirs(): (chunks: readonly Buffer[]) => Promise<Heard> {
  const heard = new WeakMap<object, Heard>()
  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, (request, response) => {
    const { method = '', url = '', headers, socket } = request
    const all = heard.get(socket)
    if (all?.refusal !== undefined) return
    const taken: Taken = { method, url, headers: { ...headers }, staysOpen: response.shouldKeepAlive }
    all?.taken.push(taken)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('error', () => {})
    request.on('end', () => {
      taken.body = Buffer.concat(parts).toString('base64')
      response.writeHead(200, { 'content-length': '0' }).end()
    })
  })
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const all = heard.get(socket)
    if (!all || code === 'HPE_CLOSED_CONNECTION') return
    all.refusal ??= code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  })
  return async (chunks) => {
    const socket = new SocketOfTest()
    const all: Heard = { taken: [] }
    heard.set(socket, all)
    server.emit('connection', socket)
    await send(socket, chunks)
    socket.destroy()
    return all
  }
}

async function send(socket: SocketOfTest, chunks: readonly Buffer[]): Promise<void> {
  socket.on('error', () => {})
  for (const chunk of chunks) {
    if (!socket.destroyed) socket.push(Buffer.from(chunk))
    await turnOfTheLoop()
  }
  // Each request takes turns of the loop until it is answered, and there are at most six.
  for (let turns = 0; turns < 24; turns++) await turnOfTheLoop()
}

test('requests are taken as node:http takes them, sound or not, however they are cut', async () => {
  const seed = seedOfRun()
  const random = randomOf(seed)
  const [hearOurs, hearTheirs] = [ours(), theirs()]
  const seen = new Map<string, number>()
  const see = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  for (let round = 0; round < 5_000; round++) {
    const chunks = conversation(random)
    const [we, they] = await Promise.all([hearOurs(chunks), hearTheirs(chunks)])
    const sent = Buffer.concat(chunks).toString('latin1')
    const difference = differenceOf(we, they, sent)
    if (difference === 'forbidden')
      expect(we, `seed ${seed}, round ${round}: ${JSON.stringify(sent)}`).toEqual(they)
    if (difference) see('something that may differ')
    for (const { body, staysOpen } of we.taken) {
      see(body === undefined ? 'a body without its end' : body === '' ? 'no body' : 'a body')
      if (!staysOpen) see('a last request')
    }
    if (we.refusal !== undefined) see(`refused with ${we.refusal}`)
  }
  // Each was heard: else the conversations would prove little.
  for (const [what, least] of Object.entries({
    'a body': 1_000,
    'no body': 1_000,
    'a body without its end': 100,
    'a last request': 300,
    'something that may differ': 100,
    'refused with 400': 500,
    'refused with 431': 15,
  }))
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(least)
})
