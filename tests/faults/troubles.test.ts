import { setTimeout as pause } from 'node:timers/promises'
import { ways } from '@tidings/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { FaultProxy, noFaults } from '../support/fault-proxy/index.js'
import { lastingPort, SpawnedServer } from '../support/spawned-server.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { fastClock } from './fast-clock.js'
import { Listener, numbers } from './listener.js'

async function settle() {
  const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000 })
  const proxy = await FaultProxy.before(server)
  return { server, proxy, channel: await createTestChannel(server) }
}

/** Publishes number after number, until it is stopped; at most until the test is over. */
class Numbers {
  paceMs = 5
  count = 0
  #isOver = false
  readonly #publishing: Promise<void>

  constructor(channel: { publish(...messages: unknown[]): Promise<string> }) {
    this.#publishing = this.#publish(channel)
    onTestFinished(async () => {
      await this.stop()
    })
  }

  /** @returns how many there are */
  async stop(): Promise<number> {
    this.#isOver = true
    await this.#publishing
    return this.count
  }

  async #publish(channel: { publish(...messages: unknown[]): Promise<string> }): Promise<void> {
    while (!this.#isOver) {
      await channel.publish(this.count++)
      await pause(this.paceMs)
    }
  }
}

test('a WebSocket upgrade that hangs does not delay the first message: it comes while the upgrade hangs', async () => {
  const { proxy, channel } = await settle()
  await channel.publish(0)
  proxy.set({ upgrades: 'hang' })
  const startMs = performance.now()
  const listener = new Listener(proxy.url)
  await listener.until(({ heard }) => heard.length === 1)
  const tookMs = performance.now() - startMs
  await proxy.seen(({ isUpgrade }) => isUpgrade)
  // Nobody has given the upgrade up by then.
  expect(listener.failed).toEqual([])
  expect(tookMs).toBeLessThan(2_000)
  await channel.publish(1)
  await listener.until(({ heard }) => heard.length === 2)
  expect(listener.failed).toEqual([])
})

test('where upgrades are refused, or stripped, another way carries, and it is told which one does not work', async () => {
  for (const upgrades of ['refuse', 'strip'] as const) {
    const { proxy, channel } = await settle()
    proxy.set({ upgrades })
    const listener = new Listener(proxy.url)
    await channel.publish(0)
    await listener.until(({ failed, ways }) => failed.length > 0 && ways.includes('sse'))
    await channel.publish(1)
    await listener.until(({ heard }) => heard.length === 2)
    expect(listener.failed.map(({ way }) => way)).toEqual(['websocket'])
    expect(listener.ways).not.toContain('websocket')
    expect(listener.heard).toEqual([0, 1])
  }
})

test('a proxy that buffers event streams is known, and long polling carries on', async () => {
  const { proxy, channel } = await settle()
  proxy.set({ buffer: true, upgrades: 'strip' })
  const listener = new Listener(proxy.url)
  await channel.publish(0)
  await listener.until(({ failed }) => failed.some(({ way }) => way === 'sse'))
  expect(listener.failed).toContainEqual({ way: 'sse', code: 'stream-buffered' })
  for (const number of [1, 2, 3]) {
    await channel.publish(number)
    await listener.until(({ heard }) => heard.length === number + 1)
  }
  expect(listener.ways).toEqual(['long-poll'])
  expect(listener.heard).toEqual(numbers(4))
})

test('a network that kills what is idle for two seconds is found out, and then kills nothing', async () => {
  // With its own settings, which are far from two seconds.
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  let published = 0
  const wanted = [undefined, 'websocket', 'long-poll'] as const
  const members = await Promise.all(
    wanted.map(async (ways) => {
      const proxy = await FaultProxy.before(server)
      proxy.set({ idleMs: 2_000 })
      return { proxy, listener: new Listener(proxy.url, ways && { ways }) }
    }),
  )
  for (let areLeftAlone = false; !areLeftAlone; ) {
    const before = members.map(({ proxy }) => proxy.connections)
    // Longer than two kills, and quiet.
    await pause(5_000)
    await channel.publish(published++)
    for (const { listener } of members) await listener.until(({ heard }) => heard.length === published)
    areLeftAlone = members.every(({ proxy }, index) => proxy.connections === before[index])
  }
  expect(published).toBeLessThan(5)
  for (const { listener } of members) expect(listener.heard).toEqual(numbers(published))
})

test.each(['up', 'down'] as const)(
  'a socket that is half open (%s is lost) is noticed and replaced, and nothing is missing',
  async (direction) => {
    const { proxy, channel } = await settle()
    const listener = new Listener(proxy.url, { clock: fastClock })
    await listener.until(({ ways }) => ways.includes('websocket'))
    await channel.publish(0)
    await listener.until(({ heard }) => heard.length === 1)
    proxy.set({ halfOpen: direction })
    await channel.publish(1)
    while (proxy.lostBytes === 0) await pause(10)
    const { length } = proxy.requests
    proxy.clear()
    await channel.publish(2)
    await listener.until(({ heard }) => heard.length === 3)
    expect(listener.heard).toEqual([0, 1, 2])
    await listener.until(() => proxy.requests.length > length)
  },
)

test('all four ways carry one after the other under live traffic, and back again, without a gap', async () => {
  const { proxy, channel } = await settle()
  const listener = new Listener(proxy.url, {
    clock: fastClock,
    answerMs: 15_000,
    climb: { baseMs: 1_000, capMs: 3_000 },
  })
  const traffic = new Numbers(channel)
  const carries = async (way: string) => {
    await listener.until(({ client }) => client.way === way)
    const { length } = listener.heard
    await listener.until(({ heard }) => heard.length > length + 5)
  }
  await carries('websocket')
  proxy.set({ upgrades: 'strip' })
  proxy.cut('rst')
  await carries('sse')
  proxy.set({ upgrades: 'strip', buffer: true })
  proxy.cut('fin')
  await carries('long-poll')
  // Nothing is held for so long.
  proxy.set({ upgrades: 'strip', buffer: true, idleMs: 50 })
  traffic.paceMs = 150
  await carries('short-poll')
  traffic.paceMs = 5
  proxy.set({ ...noFaults, upgrades: 'strip' })
  await carries('sse')
  proxy.clear()
  await carries('websocket')
  const count = await traffic.stop()
  await listener.until(({ heard }) => heard.length === count)
  expect(listener.heard).toEqual(numbers(count))
})

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a server that is restarted (%s) is heard on with every way, and nothing is missing',
  async (signal) => {
    const options = { data: await temporaryFolder(), port: await lastingPort(Math.random) }
    let server = await SpawnedServer.start(options)
    onTestFinished(() => server.end())
    const { url } = server
    const channel = await createTestChannel({ url })
    const proxies = await Promise.all([undefined, ...ways].map(() => FaultProxy.before({ url })))
    const listeners = [undefined, ...ways].map(
      (ways, index) =>
        new Listener((proxies[index] as FaultProxy).url, {
          clock: fastClock,
          answerMs: 15_000,
          ...(ways && { ways }),
        }),
    )
    let published = 0
    const next = async () => {
      await channel.publish(published++)
      for (const listener of listeners) await listener.until(({ heard }) => heard.length === published)
    }
    for (let restarts = 0; restarts < 3; restarts++) {
      await next()
      await server.end(signal)
      server = await SpawnedServer.start(options, 3)
      await next()
    }
    for (const { heard } of listeners) expect(heard).toEqual(numbers(published))
  },
)

test('429 with Retry-After is honoured, in each way and in the choice of one', async () => {
  const { server, channel } = await settle()
  await channel.publish(0)
  await Promise.all(
    [undefined, ...ways].map(async (ways) => {
      const proxy = await FaultProxy.before(server)
      proxy.set({ answer: { status: 429, retryAfterSeconds: 2 } })
      const listener = new Listener(proxy.url, ways && { ways })
      await listener.until(({ client }) => client.state === 'waiting')
      const refusedAtMs = performance.now()
      await pause(1_000)
      proxy.clear()
      await listener.until(({ heard }) => heard.length === 1)
      // Better ways are looked for in the same moment; of them each is asked for once.
      const next = proxy.requests.find(({ atMs }) => atMs > refusedAtMs + 500)
      expect((next?.atMs ?? 0) - refusedAtMs).toBeGreaterThan(1_900)
    }),
  )
})

test('a publish that is answered 429 with Retry-After is sent again after that, and kept once', async () => {
  const { proxy, channel } = await settle()
  proxy.set({ answer: { status: 429, retryAfterSeconds: 2 } })
  const listener = new Listener(proxy.url, { ways: 'short-poll' })
  const publishing = listener.client.channel('cake').publish(0)
  const isPost = ({ method }: { method: string }) => method === 'POST'
  const { atMs } = await proxy.seen(isPost)
  await pause(1_000)
  proxy.clear()
  const again = await proxy.seen((request) => isPost(request) && request.atMs > atMs)
  expect(again.atMs - atMs).toBeGreaterThan(1_990)
  await publishing
  await channel.publish(1)
  await listener.until(({ heard }) => heard.length === 2)
  expect(listener.heard).toEqual([0, 1])
})
