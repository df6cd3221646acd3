import { createChannel, deleteChannel, head, ProblemError } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { get, tailOf } from '../support/fork.js'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'

const seed = seedOfRun()

test('forks that are made while their source is appended to inherit a beginning of it, and keep that', async () => {
  const source = await createTestChannel(await startTestServer())
  const values = Array.from({ length: 200 }, (_, index) => index)
  const publishing = Promise.all(values.map((value) => source.publish(value)))
  const forks = await Promise.all(
    values.map(async (index) => {
      const address = { server: source.server, channel: `fork-${index}` }
      const { nextOffset } = await createChannel(address, { fork: { from: source.channel } })
      return { url: `${source.server}/v1/stream/${address.channel}`, nextOffset }
    }),
  )
  await publishing
  const all = JSON.parse((await get(source.url)).text) as number[]
  for (const { url, nextOffset } of forks) {
    const inherited = JSON.parse((await get(url)).text) as number[]
    expect(inherited).toEqual(all.slice(0, inherited.length))
    expect(Number(nextOffset.split('_')[1])).toBe(inherited.length)
    // The source has this offset too.
    expect((await get(`${source.url}?offset=${nextOffset}`)).text).toBe(
      JSON.stringify(all.slice(inherited.length)),
    )
  }
})

test.each(['memory', 'disk'] as const)(
  'creations, forks and deletions of few names at once leave the %s engine true: every fork reads on, and every name comes free',
  async (engine) => {
    console.info(`SEED=${seed}`)
    const random = randomOf(seed)
    const data = await temporaryFolder()
    const server = await startTestServer({ engine, data })
    const names = ['a', 'b', 'c', 'd']
    const expected = new Set([
      'channel-unknown',
      'channel-deleted',
      'channel-exists',
      'fork-source-deleted',
      'fork-invalid',
    ])
    const attempt = async (action: () => Promise<unknown>) => {
      try {
        await action()
      } catch (error) {
        if (!(error instanceof ProblemError) || !expected.has(error.code)) throw error
      }
    }
    const one = (): (() => Promise<unknown>) => {
      const address = { server: server.url, channel: pick(random, names) }
      const from = pick(random, names)
      const roll = random()
      if (roll < 0.3) return () => createChannel(address)
      if (roll < 0.6) return () => createChannel(address, { fork: { from } })
      if (roll < 0.8) return () => deleteChannel(address)
      const headers = { 'content-type': 'application/json' }
      return () => fetch(`${server.url}/v1/stream/${address.channel}`, { method: 'POST', headers, body: '1' })
    }
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 12 }, () => attempt(one())))
      for (const channel of names) {
        const { status, text, headers } = await get(`${server.url}/v1/stream/${channel}`)
        if (status === 200) {
          const count = (JSON.parse(text) as unknown[]).length
          expect(Number(headers.get('stream-next-offset')?.split('_')[1])).toBe(count)
        } else expect([404, 410]).toContain(status)
      }
    }
    // However they stand on each other: once all are deleted, nothing is left behind.
    for (const channel of names) await attempt(() => deleteChannel({ server: server.url, channel }))
    for (const channel of names) {
      await expect(head({ server: server.url, channel })).rejects.toMatchObject({ status: 404 })
      expect(await createChannel({ server: server.url, channel })).toMatchObject({ created: true })
    }
  },
)

test('of many that make one fork at once, one makes it and the others find it', async () => {
  const source = await createTestChannel(await startTestServer())
  await source.publish(1)
  const offset = await tailOf(source)
  const address = { server: source.server, channel: 'fork' }
  const made = await Promise.all(
    Array.from({ length: 20 }, () => createChannel(address, { fork: { from: source.channel, offset } })),
  )
  expect(made.filter(({ created }) => created)).toHaveLength(1)
  // Counted once: when it goes, the source does not wait for others.
  await deleteChannel(source)
  await deleteChannel(address)
  expect((await get(source.url)).status).toBe(404)
})
