import fc from 'fast-check'
import { startServer } from 'tidings'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedOfRun } from '../support/random.js'
import { ask } from '../support/raw-connection.js'
import { RawWebSocket } from '../support/raw-websocket.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { appendByPost, appendBySocket, type Outcome, type ProducerAppend } from './support.js'

/** What a channel knows of its producers, as plainly as the protocol says it. @see Durable Streams §5.2.1 */
class Model {
  readonly messages: unknown[] = []
  readonly #producers = new Map<string, { epoch: number; lastSeq: number }>()
  #isClosed = false

  append({ id, epoch, seq, message, close = false }: ProducerAppend): Omit<Outcome, 'nextOffset'> {
    const known = this.#producers.get(id)
    if (known && epoch < known.epoch) return { refused: 'producer-stale', currentEpoch: known.epoch }
    if (known && epoch === known.epoch && seq <= known.lastSeq) return { kept: 'duplicate' }
    if (this.#isClosed) return { refused: 'channel-closed' }
    if (known && epoch > known.epoch && seq > 0) return { refused: 'producer-invalid' }
    const expectedSeq = known && epoch === known.epoch ? known.lastSeq + 1 : 0
    if (seq !== expectedSeq) return { refused: 'producer-gap', expectedSeq, receivedSeq: seq }
    this.#producers.set(id, { epoch, lastSeq: seq })
    if (message !== undefined) this.messages.push(message)
    this.#isClosed ||= close
    return { kept: 'new' }
  }
}

const step = fc.record({
  id: fc.constantFrom('a', 'b'),
  epoch: fc.nat(2),
  seq: fc.nat(3),
  way: fc.constantFrom('POST' as const, 'socket' as const),
  close: fc.integer({ min: 1, max: 40 }).map((die) => die === 1),
})

const seed = seedOfRun()
console.log(`SEED=${seed}`)

let server: Awaited<ReturnType<typeof startServer>>
let socket: RawWebSocket
beforeAll(async () => {
  server = await startServer({ engine: 'memory', port: 0 })
  socket = await RawWebSocket.open(server.url, '/v1/socket', { subprotocol: 'tidings.v1' })
})
afterAll(async () => {
  socket.destroy()
  await server.close()
})

async function makeChannel(url: string, name: string): Promise<string> {
  const target = `/v1/stream/${name}`
  await ask(url, { method: 'PUT', target, headers: { 'content-type': 'application/json' } })
  return target
}

test('whatever producers send, over POST and over the socket, each is told and each message kept as the model says', async () => {
  let channels = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const name = `model-${channels++}`
      const path = await makeChannel(server.url, name)
      const model = new Model()
      for (const [index, { way, ...producer }] of steps.entries()) {
        const append = { ...producer, message: index }
        const outcome =
          way === 'POST'
            ? await appendByPost(server.url, path, append)
            : await appendBySocket(socket, name, append)
        const { nextOffset: _, ...told } = { nextOffset: '', ...outcome }
        expect(told).toEqual(model.append(append))
      }
      const { body } = await ask(server.url, { target: `${path}?offset=-1` })
      expect(JSON.parse(body)).toEqual(model.messages)
    }),
    { seed, numRuns: 60 },
  )
})

test('what was sent at once, in any mixture, is kept once each and in the order of its numbers', async () => {
  let channels = 0
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.record({ id: fc.constantFrom('a', 'b'), seq: fc.nat(4) }), {
        minLength: 10,
        maxLength: 30,
      }),
      async (tries, sends) => {
        const name = `mixture-${channels++}`
        const path = await makeChannel(server.url, name)
        const heard = await Promise.all(
          sends.flatMap(({ id, seq }) =>
            Array.from({ length: tries }, () =>
              appendByPost(server.url, path, { id, epoch: 0, seq, message: `${id}${seq}` }),
            ),
          ),
        )
        const { body } = await ask(server.url, { target: `${path}?offset=-1` })
        const kept = JSON.parse(body) as string[]
        for (const id of ['a', 'b']) {
          const own = kept.filter((message) => message.startsWith(id))
          // Without gaps, from 0, each once.
          expect(own).toEqual(own.map((_, index) => `${id}${index}`))
        }
        const fresh = heard.filter((outcome) => 'kept' in outcome && outcome.kept === 'new')
        expect(fresh).toHaveLength(kept.length)
      },
    ),
    { seed, numRuns: 20 },
  )
})

test('a server that was stopped and started again knows its producers', async () => {
  const data = await temporaryFolder()
  const first = await startServer({ engine: 'disk', data, port: 0 })
  const path = await makeChannel(first.url, 'cake')
  const append = { id: 'p', epoch: 3, seq: 0, message: 'cake' }
  expect(await appendByPost(first.url, path, append)).toMatchObject({ kept: 'new' })
  expect(await appendByPost(first.url, path, { ...append, seq: 1 })).toMatchObject({ kept: 'new' })
  await first.close()
  const second = await startTestServer({ engine: 'disk', data })
  for (const seq of [0, 1]) {
    expect(await appendByPost(second.url, path, { ...append, seq })).toMatchObject({ kept: 'duplicate' })
  }
  expect(await appendByPost(second.url, path, { ...append, epoch: 2 })).toEqual({
    refused: 'producer-stale',
    currentEpoch: 3,
  })
  expect(await appendByPost(second.url, path, { ...append, seq: 3 })).toMatchObject({ expectedSeq: 2 })
  expect(await appendByPost(second.url, path, { ...append, seq: 2 })).toMatchObject({ kept: 'new' })
})
