import { afterAll, describe, expect, test } from 'vitest'
import { discardLayer, whyNotBuilt } from '../power-cut/recording.js'
import { requirement } from '../support/requirements.js'
import { FailingServer, type Fault, type Told } from './failing-server.js'

const reason = whyNotBuilt()
const canInject = requirement('a C compiler', reason === undefined, reason ?? '')

describe.skipIf(!canInject)('when the disk fails below the store', () => {
  afterAll(discardLayer)

  const cases: [Fault, 'fsync' | 'os', number, string][] = [
    ['no-space 0', 'fsync', 507, 'storage-full'],
    ['no-space 0', 'os', 507, 'storage-full'],
    ['short-write 2', 'fsync', 503, 'storage-unavailable'],
    ['short-write 2', 'os', 503, 'storage-unavailable'],
    // The flush of the pages, and the write of the page that names their root: after that one LMDB reads no more.
    ['sync-error 0', 'fsync', 503, 'storage-unavailable'],
    ['sync-error 1', 'fsync', 503, 'storage-unavailable'],
    ['sync-error 0', 'os', 503, 'storage-unavailable'],
  ]

  test.each(cases)(
    '%s with %s answers %i %s, loses nothing that was acknowledged, and reads go on',
    async (fault, durability, status, code) => {
      const { server, before } = await startWithMessages(durability)
      server.fail(fault)
      const told = await server.publishUntilRefused('cake', before)
      await expectRefused(told.refusal, status, code)

      const heard = await server.numbers('cake')
      expectAllKept(heard, before, told)
      expect((await server.ask('/v1/stream/cake', { method: 'HEAD' })).status).toBe(200)
      expect((await server.ask('/v1/stream/never-made')).status).toBe(404)
      expect((await server.ask('/v1/channels')).status).toBe(200)
      // Appends stop until a restart, creations and removals too, though the disk would work again.
      for (const request of [
        { method: 'POST', body: '1' },
        { method: 'DELETE' },
        { method: 'PUT', path: 'more' },
      ]) {
        const { path = 'cake', ...init } = request
        await expectRefused(await server.ask(`/v1/stream/${path}`, init), status, code)
      }
      expect(server.hasEnded).toBe(false)

      await server.restart()
      expectAllKept(await server.numbers('cake'), before, told)
      expect((await server.ask('/v1/stream/cake', { method: 'POST', body: '{"n":-1}' })).status).toBe(204)
      expect((await server.numbers('cake')).at(-1)).toBe(-1)
    },
  )

  test('a page that can not be written loses nothing either, should it even take the process along', async () => {
    const { server, before } = await startWithMessages('fsync')
    server.fail('write-error 2')
    const told = await server.publishUntilRefused('cake', before)
    await server.restart()
    expectAllKept(await server.numbers('cake'), before, told)
  })
})

/** A server with a hundred messages in `cake`. */
async function startWithMessages(durability: 'fsync' | 'os') {
  const server = await FailingServer.start(durability)
  const before = 100
  const messages = JSON.stringify(Array.from({ length: before }, (_, n) => ({ n })))
  const made = await server.ask('/v1/stream/cake', { method: 'PUT', body: messages })
  expect(made.status).toBe(201)
  return { server, before }
}

async function expectRefused(answer: Response, status: number, code: string): Promise<void> {
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const problem = (await answer.json()) as { code: string; detail: string }
  expect(problem.code).toBe(code)
  expect(problem.detail).toMatch(/Nothing that was acknowledged is lost\..*restart/)
}

/** Each once; what was refused may be there too, since nobody was told that it is not. */
function expectAllKept(heard: readonly number[], before: number, told: Told): void {
  expect(heard.slice(0, before)).toEqual(Array.from({ length: before }, (_, n) => n))
  expect(new Set(heard).size).toBe(heard.length)
  expect(told.kept.filter((n) => !heard.includes(n))).toEqual([])
}
