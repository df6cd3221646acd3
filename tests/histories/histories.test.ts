import { closeChannel, deleteChannel, type Fetch } from '@tidings/client/ways'
import { describe, expect, test } from 'vitest'
import { untilPassed } from '../retention/support.js'
import { describeLifeFaults, findLifeFaults } from '../support/life-checker.js'
import { OwnClock } from '../support/own-clock.js'
import { hasNginx, settingsFromPage, startNginx } from '../support/proxies.js'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { Chronicle } from './lives.js'
import { publishOn, readOn, type Town } from './people.js'

// The same choices once more: SEED=<the seed that was printed>.
const seed = seedOfRun()

async function settle(engine: 'memory' | 'disk', hasProxy: boolean): Promise<Town> {
  console.log(`SEED=${seed}`)
  const clock = new OwnClock()
  const data = engine === 'disk' ? { data: await temporaryFolder(), durability: 'os' as const } : {}
  const server = await startTestServer({ engine, longPollMs: 200, now: clock.now, ...data })
  const urls = [server.url]
  if (hasProxy) {
    const proxy = await startNginx(await settingsFromPage('recommended'), { server: server.url })
    urls.push(proxy.url)
  }
  return { chronicle: new Chronicle(clock), clock, urls, seed }
}

const addressOf = ({ urls: [server = ''] }: Town, channel: string) => ({ server, channel })

function expectNothingWrong({ chronicle }: Town): void {
  expect(describeLifeFaults(findLifeFaults(chronicle.lives, chronicle.stretches))).toBe('nothing wrong')
}

/** Three publishers and four readers on a channel of one life, which is closed when so much was published. */
async function liveAndClose(town: Town, channel: string, messages: number, each: () => Promise<void> | void) {
  const { chronicle } = town
  let isOver = false
  const publishing = ['P', 'Q', 'S'].map((name) => publishOn(town, channel, name, () => isOver))
  const reading = ['A', 'B', 'C', 'D'].map((name) => readOn(town, channel, name, () => false))
  while (chronicle.published < messages) {
    await chronicle.more(10)
    await each()
  }
  isOver = true
  await Promise.all(publishing)
  chronicle.nothingMore()
  const life = chronicle.current(channel)
  if (life) life.isClosed = true
  await closeChannel(addressOf(town, channel))
  return (await Promise.all(reading)).flat()
}

const roads = [
  { road: 'directly, in memory', engine: 'memory', hasProxy: false, isHere: true },
  { road: 'also through nginx, on the disk', engine: 'disk', hasProxy: true, isHere: hasNginx },
] as const

for (const { road, engine, hasProxy, isHere } of roads) {
  describe.runIf(isHere)(`readers that hop ${road}`, () => {
    test.each([
      ['count', { 'stream-retention-count': '40' }, { count: 40 }],
      ['bytes', { 'stream-retention-bytes': '1500' }, { bytes: 1_500 }],
      ['age', { 'stream-retention-age': '30' }, { ageMs: 30_000 }],
    ])(
      'lose nothing that retention by %s still holds, and are told of what it dropped',
      async (_, headers, limits) => {
        const town = await settle(engine, hasProxy)
        await town.chronicle.begin(addressOf(town, 'kept'), { headers }, { limits })
        const refusals = await liveAndClose(town, 'kept', 600, () => town.clock.pass(2))
        expect(refusals.every((code) => code === 'offset-gone')).toBe(true)
        // Who comes back very late is surely told.
        const early = town.chronicle.lives[0]?.entries[9]?.offset ?? ''
        await untilPassed(`${town.urls[0]}/v1/stream/kept`, early)
        expect(await readOn(town, 'kept', 'L', () => false, early)).toContain('offset-gone')
        expectNothingWrong(town)
      },
    )

    test('hear of each life of a channel that is deleted and made again, and never of another', async () => {
      const town = await settle(engine, hasProxy)
      const { chronicle } = town
      const address = addressOf(town, 'reborn')
      let isOver = false
      await chronicle.begin(address)
      const publishing = ['P', 'Q'].map((name) => publishOn(town, 'reborn', name, () => isOver))
      const reading = ['A', 'B', 'C', 'D'].map((name) => readOn(town, 'reborn', name, () => true))
      for (let lives = 1; lives < 5; lives++) {
        await chronicle.more(60)
        const life = chronicle.current('reborn')
        if (life) life.endedAt = chronicle.tick()
        await deleteChannel(address)
        await chronicle.begin(address)
      }
      await chronicle.more(60)
      isOver = true
      await Promise.all(publishing)
      chronicle.nothingMore()
      const last = chronicle.current('reborn')
      if (last) last.isClosed = true
      await closeChannel(address)
      const refusals = (await Promise.all(reading)).flat()
      expect(refusals).toContain('history-changed')
      expectNothingWrong(town)
    })

    test('keep a channel with a time to live, hear its end, and are not taken for readers of the next', async () => {
      const town = await settle(engine, hasProxy)
      const { chronicle, clock } = town
      const address = addressOf(town, 'mortal')
      const headers = { 'stream-ttl': '10' }
      let isOver = false
      let hasFuture = true
      const first = await chronicle.begin(address, { headers })
      const publishing = ['P', 'Q'].map((name) => publishOn(town, 'mortal', name, () => isOver))
      // It is used all the time, though the clock passes its time to live many times over.
      for (let passed = 0; passed < 100; passed += 4) {
        await chronicle.more(8)
        clock.pass(4)
      }
      const readers = ['A', 'B', 'C'].map((name) => readOn(town, 'mortal', name, () => hasFuture))
      await chronicle.more(60)
      isOver = true
      await Promise.all(publishing)
      chronicle.nothingMore()
      first.isClosed = true
      await closeChannel(address)
      await Promise.all(readers)
      first.endedAt = chronicle.tick()
      clock.pass(11)
      const late = readOn({ ...town, seed: seed + 1 }, 'mortal', 'L', () => false)
      expect(await late).toEqual(['channel-unknown'])
      const second = await chronicle.begin(address, { headers })
      hasFuture = false
      const { offset } = first.entries.at(-1) ?? { offset: '' }
      const answer = await fetch(`${address.server}/v1/stream/mortal?offset=${offset}`)
      expect(answer.status).toBe(410)
      expect(await answer.json()).toMatchObject({ code: 'history-changed', earliestOffset: second.start })
      expectNothingWrong(town)
    })

    test('hear a fork with what it inherits, whatever becomes of its source', async () => {
      const town = await settle(engine, hasProxy)
      const { chronicle } = town
      const random = randomOf(seed)
      const over = new Set<string>()
      const source = await chronicle.begin(addressOf(town, 'source'))
      const publishing = ['P', 'Q'].map((name) => publishOn(town, 'source', name, () => over.has('source')))
      const reading = [readOn(town, 'source', 'A', () => false)]
      const forks = ['fork-1', 'fork-2', 'fork-3']
      for (const [index, name] of forks.entries()) {
        await chronicle.more(40)
        const from = chronicle.current(index === 2 ? 'fork-1' : 'source') ?? source
        const { offset } = pick(random, from.entries)
        await chronicle.begin(
          addressOf(town, name),
          { fork: { from: from.channel, offset } },
          { source: { life: from, offset } },
        )
        publishing.push(publishOn(town, name, String(index), () => over.has(name)))
        reading.push(...['B', 'C'].map((reader) => readOn(town, name, `${reader}${index}`, () => false)))
      }
      await chronicle.more(60)
      over.add('source')
      await Promise.all(publishing.slice(0, 2))
      source.endedAt = chronicle.tick()
      await deleteChannel(addressOf(town, 'source'))
      await chronicle.more(60)
      for (const name of forks) over.add(name)
      await Promise.all(publishing)
      chronicle.nothingMore()
      for (const name of forks) {
        const life = chronicle.current(name)
        if (life) life.isClosed = true
        await closeChannel(addressOf(town, name))
      }
      const refusals = (await Promise.all(reading)).flat()
      expect(refusals).toHaveLength(1)
      expect(refusals[0]).toMatch(/^channel-(?:deleted|unknown)$/)
      expectNothingWrong(town)
    })
  })
}

/** What a lying server makes of the messages of one answer. */
const lies: Record<string, (messages: string[]) => string[]> = {
  'drops a message': (messages) => messages.toSpliced(1, 1),
  'repeats a message': (messages) => messages.toSpliced(1, 0, messages[0] ?? ''),
  'changes the order': (messages) => messages.toReversed(),
  'tells of another channel': (messages) => messages.with(0, '{"from":"elsewhere","count":0,"text":""}'),
}

for (const [lie, change] of Object.entries(lies)) {
  test(`a server that ${lie} is found out`, async () => {
    const honest = await settle('memory', false)
    let isTold = false
    const lying: Fetch = async (...request) => {
      const answer = await fetch(...request)
      const text = await answer.text()
      const messages: unknown[] = answer.status === 200 ? JSON.parse(text) : []
      const { status, headers } = answer
      if (messages.length < 3) return new Response(status === 200 ? text : null, { status, headers })
      isTold = true
      const told = change(messages.map((message) => JSON.stringify(message)))
      return new Response(`[${told.join(',')}]`, { status, headers })
    }
    const town: Town = { ...honest, fetch: lying, readingWays: ['short-poll'] }
    await town.chronicle.begin(addressOf(town, 'lied'))
    await liveAndClose(town, 'lied', 100, () => {})
    expect(isTold).toBe(true)
    expect(findLifeFaults(town.chronicle.lives, town.chronicle.stretches)).not.toEqual([])
  })
}
