import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { verifyFolder } from 'tidings'
import { expect, test } from 'vitest'
import { pick, randomOf, seedOfRun } from '../support/random.js'
import { lastingPort, SpawnedServer } from '../support/spawned-server.js'
import { temporaryFolder } from '../support/test-server.js'
import { json } from './support.js'

// More rounds: ROUNDS=100 npx vitest run tests/retention/kill-loop.test.ts. The same once more: SEED=<as printed>.
const rounds = Number(process.env.ROUNDS ?? 8)
const seed = seedOfRun()
const kept = 5
/** How many messages a server acknowledges at least, and how long it lives at most after them, milliseconds. */
const leastAcknowledged = 100
const longestLifeMs = 200

interface Heard {
  readonly history: string
  readonly position: number
}

function heardOf(offset: string | null): Heard {
  const [history = '', position] = (offset ?? '').split('_')
  return { history, position: Number(position) }
}

/** A channel in which each message is its own position, from 0: who reads it sees whether it is right. */
class Numbered {
  readonly url: string
  /** Its reader polls so seldom that it is overtaken. */
  readonly isSlow: boolean
  #readAt = 0
  /** The next number to publish: all before it were acknowledged. */
  next = 0
  #readerOffset = '-1'
  #earliest = 0
  gone = 0

  constructor(url: string, isSlow: boolean) {
    this.url = url
    this.isSlow = isSlow
  }

  async publish(): Promise<void> {
    const producer = { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': `${this.next}` }
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { ...json, ...producer },
      body: `${this.next}`,
    })
    if (answer.status !== 200 && answer.status !== 204) throw new Error(await answer.text())
    this.next++
  }

  /** One poll, from where the last one ended. */
  async read(): Promise<void> {
    if (this.isSlow && this.next < this.#readAt + 3 * kept) return nextTurn()
    this.#readAt = this.next
    const answer = await fetch(`${this.url}?offset=${this.#readerOffset}`)
    const body = (await answer.json()) as number[] | { code: string; earliestOffset: string }
    if (answer.status === 410) {
      expect(body).toMatchObject({ code: 'offset-gone' })
      const { earliestOffset } = body as { earliestOffset: string }
      this.#sawEarliest(earliestOffset)
      expect(earliestOffset > this.#readerOffset).toBe(true)
      this.#readerOffset = earliestOffset
      this.gone++
      return
    }
    expect(answer.status).toBe(200)
    const numbers = body as number[]
    const next = answer.headers.get('stream-next-offset') as string
    const end = heardOf(next).position
    const start = this.#readerOffset === '-1' ? end - numbers.length : heardOf(this.#readerOffset).position
    expect(numbers).toEqual(Array.from({ length: end - start }, (_, index) => start + index))
    this.#readerOffset = next
  }

  /** With nobody publishing: all that was acknowledged and has to stay is there. */
  async check(): Promise<void> {
    const { headers } = await fetch(this.url, { method: 'HEAD' })
    this.#sawEarliest(headers.get('stream-earliest-offset'))
    const tail = heardOf(headers.get('stream-next-offset')).position
    expect(tail).toBeGreaterThanOrEqual(this.next)
    expect(tail).toBeLessThanOrEqual(this.next + 1)
    const numbers = (await (await fetch(this.url)).json()) as number[]
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, index) => tail - numbers.length + index),
    )
    expect(numbers.length).toBeGreaterThanOrEqual(Math.min(kept, tail))
  }

  #sawEarliest(offset: string | null): void {
    const { position } = heardOf(offset)
    expect(position).toBeGreaterThanOrEqual(this.#earliest)
    this.#earliest = position
  }
}

test(
  `a server that is killed ${rounds} times while it drops: no hole, nothing too much, no way back (SEED=${seed})`,
  async () => {
    const random = randomOf(seed)
    const data = await temporaryFolder()
    const port = await lastingPort(random)
    const base = `http://127.0.0.1:${port}/v1/stream`
    let server = await SpawnedServer.start({ data, port }, 5)
    const put = (name: string, headers: Record<string, string>) =>
      fetch(`${base}/${name}`, { method: 'PUT', headers: { ...json, ...headers } })
    const byCount = { 'stream-retention-count': `${kept}` }
    const channels = Array.from({ length: 6 }, (_, n) => new Numbered(`${base}/channel-${n}`, n % 2 === 0))
    for (const [n] of channels.entries()) expect((await put(`channel-${n}`, byCount)).status).toBe(201)
    await put('typing', { 'stream-durability': 'memory' })
    const forks = new Map<string, string>()
    let typed = ''
    try {
      for (let round = 0; round < rounds; round++) {
        const isOver = new AbortController()
        const work = [
          ...channels.map((channel) => repeat(isOver.signal, () => channel.publish())),
          ...channels.map((channel) => repeat(isOver.signal, () => channel.read())),
          repeat(isOver.signal, () => forkAndDelete(base, put, forks, random)),
          repeat(isOver.signal, () => comeAndGo(base, put)),
          repeat(isOver.signal, async () => {
            const answer = await fetch(`${base}/typing`, { method: 'POST', headers: json, body: '1' })
            typed = answer.headers.get('stream-next-offset') ?? typed
          }),
        ]
        const working = Promise.all(work)
        working.catch(() => {})
        const enough = totalOf(channels) + leastAcknowledged
        await Promise.race([working, repeatUntil(() => totalOf(channels) >= enough)])
        await pause(random() * longestLifeMs)
        isOver.abort()
        await server.end('SIGKILL')
        await working

        expect((await verifyFolder(data)).faults).toEqual([])
        server = await SpawnedServer.start({ data, port }, 5)
        for (const channel of channels) await channel.check()
        for (const [fork, text] of forks) expect(await (await fetch(`${base}/${fork}`)).text()).toBe(text)
        await checkTyping(`${base}/typing`, typed)
      }
    } finally {
      await server.end('SIGTERM')
    }
    expect((await verifyFolder(data)).faults).toEqual([])
    // It was about something: readers were overtaken, too.
    expect(channels.some(({ gone }) => gone > 0)).toBe(true)
    expect(totalOf(channels)).toBeGreaterThanOrEqual(rounds * leastAcknowledged)
    console.log(
      `SEED=${seed}: ${channels.map(({ next }) => next)} messages, ${forks.size} forks, told gone ${channels.map(({ gone }) => gone)}`,
    )
  },
  60_000 + rounds * 10_000,
)

function totalOf(channels: readonly Numbered[]): number {
  return channels.reduce((sum, { next }) => sum + next, 0)
}

async function repeatUntil(isDone: () => boolean): Promise<void> {
  while (!isDone()) await nextTurn()
}

/** Until the server is gone; what is wrong is thrown. */
async function repeat(signal: AbortSignal, action: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    try {
      await action()
    } catch (error) {
      // The connection was cut: the server was killed.
      if (!(error instanceof TypeError)) throw error
    }
  }
}

type Put = (name: string, headers: Record<string, string>) => Promise<Response>

/** Forks a channel that drops, remembers what the fork holds, and deletes one of the others now and then. */
async function forkAndDelete(
  base: string,
  put: Put,
  forks: Map<string, string>,
  random: () => number,
): Promise<void> {
  const fork = `fork-${Math.floor(random() * 1e9)}`
  const source = `channel-${Math.floor(random() * 4)}`
  const made = await put(fork, { 'stream-forked-from': `/v1/stream/${source}` })
  expect(made.status).toBe(201)
  const text = await (await fetch(`${base}/${fork}`)).text()
  const [first = 0, ...rest] = JSON.parse(text) as number[]
  expect(rest).toEqual(Array.from(rest, (_, index) => first + index + 1))
  forks.set(fork, text)
  if (forks.size < 10) return
  const name = pick(random, [...forks.keys()])
  // Whether the delete is answered or not, nobody asks for it any more.
  forks.delete(name)
  await fetch(`${base}/${name}`, { method: 'DELETE' })
}

/** A channel that is deleted while it drops. */
async function comeAndGo(base: string, put: Put): Promise<void> {
  await put('comes-and-goes', { 'stream-retention-bytes': '50' })
  for (let n = 0; n < 30; n++) {
    await fetch(`${base}/comes-and-goes`, { method: 'POST', headers: json, body: '"1234567890"' })
  }
  await fetch(`${base}/comes-and-goes`, { method: 'DELETE' })
}

/** There, empty, and under another history. */
async function checkTyping(url: string, typed: string): Promise<void> {
  expect(await (await fetch(url)).json()).toEqual([])
  if (typed === '') return
  const answer = await fetch(`${url}?offset=${typed}`)
  expect(answer.status).toBe(410)
  expect(await answer.json()).toMatchObject({ code: 'history-changed' })
}
