import { createChannel, type Fetch, postPublisher, read } from '@tidings/client/ways'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

/** Requests that are let through one by one; each answer's status is taken down. */
class GatedFetch {
  readonly statuses: number[] = []
  #asking = () => {}
  #letThrough = () => {}
  #answered = () => {}

  readonly fetch: Fetch = async (url, init) => {
    const mayGo = new Promise<void>((resolve) => {
      this.#letThrough = resolve
    })
    this.#asking()
    await mayGo
    const response = await fetch(url, init)
    this.statuses.push(response.status)
    this.#answered()
    return response
  }

  /** Resolves when the client wants to ask: until `letThrough` no request of it is open. */
  wantsToAsk(): Promise<void> {
    return new Promise((resolve) => {
      this.#asking = resolve
    })
  }

  letThrough(): void {
    this.#letThrough()
  }

  hasAnswered(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve
    })
  }
}

test('a short poller with an interval hears what was published while it had no request open', async () => {
  const server = await startTestServer()
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const gate = new GatedFetch()
  const reading = read(address, { way: 'short-poll', intervalMs: 40, fetch: gate.fetch })[
    Symbol.asyncIterator
  ]()

  let asking = gate.wantsToAsk()
  const empty = reading.next()
  await asking
  gate.letThrough()
  expect((await empty).value).toMatchObject({ messages: [], upToDate: true })

  asking = gate.wantsToAsk()
  const news = reading.next()
  await asking
  for (const message of ['while', 'nobody', 'asked']) await postPublisher(address).publish([message])
  gate.letThrough()
  expect((await news).value).toMatchObject({ messages: ['while', 'nobody', 'asked'] })
  expect(gate.statuses).toEqual([200, 200])
  await reading.return?.()
})

test('a long poller hears what was published while it had no request open', async () => {
  const server = await startTestServer()
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const gate = new GatedFetch()
  const reading = read(address, { way: 'long-poll', offset: 'now', fetch: gate.fetch })[
    Symbol.asyncIterator
  ]()

  let asking = gate.wantsToAsk()
  const first = reading.next()
  await asking
  gate.letThrough()
  await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
  await postPublisher(address).publish(['heard by the held request'])
  expect((await first).value).toMatchObject({ messages: ['heard by the held request'] })

  asking = gate.wantsToAsk()
  const second = reading.next()
  await asking
  expect((await statsOf(server).now()).heldPolls).toBe(0)
  for (const message of ['while', 'nobody', 'asked']) await postPublisher(address).publish([message])
  gate.letThrough()
  expect((await second).value).toMatchObject({ messages: ['while', 'nobody', 'asked'] })
  // It was answered from the log: nothing was held for it.
  expect((await statsOf(server).now()).heldPolls).toBe(0)
  await reading.return?.()
})

test('a long poll whose hold time is over is answered 204 and asked again, and hears what comes then', async () => {
  const server = await startTestServer({ longPollMs: 30 })
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const gate = new GatedFetch()
  const reading = read(address, { way: 'long-poll', fetch: gate.fetch })[Symbol.asyncIterator]()
  const position = reading.next()
  const nextRound = async () => {
    const answered = gate.hasAnswered()
    gate.letThrough()
    await answered
    await gate.wantsToAsk()
  }
  // The first empty answer tells the position; those after it tell nothing new.
  const answered = gate.hasAnswered()
  gate.letThrough()
  await answered
  expect((await position).value).toMatchObject({ messages: [], upToDate: true })
  const asking = gate.wantsToAsk()
  const news = reading.next()
  await asking
  await nextRound()
  await nextRound()
  expect(gate.statuses).toEqual([204, 204, 204])

  await postPublisher(address).publish(['at last'])
  gate.letThrough()
  expect((await news).value).toMatchObject({ messages: ['at last'] })
  const { ways } = await statsOf(server).now()
  expect(ways['long-poll']).toMatchObject({ requests: 4, emptyAnswers: 3 })
  await reading.return?.()
})

test('a long poll that has what was there already is told so with a 304, and of news with a 200', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server)
  await channel.publish('first')
  const url = channel.reading({ live: 'long-poll', offset: '-1' })
  const etag = (await fetch(url)).headers.get('etag') as string
  const same = await fetch(url, { headers: { 'if-none-match': etag } })
  expect(same.status).toBe(304)
  expect(same.headers.get('etag')).toBe(etag)
  expect(same.headers.get('stream-cursor')).toMatch(/^\d+$/)
  await channel.publish('second')
  const news = await fetch(url, { headers: { 'if-none-match': etag } })
  expect(await news.json()).toEqual(['first', 'second'])
})
