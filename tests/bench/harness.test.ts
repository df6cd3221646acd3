import { expect, test } from 'vitest'
import { findProgram, findWrongs, generate, step, tidings, withServer } from '../../bench/harness/index.mjs'
import { requirement } from '../support/requirements.js'
import { type Lie, startLyingServer } from './lying-server.js'

const hasCompiler = requirement(
  'gcc',
  (findProgram('gcc') ?? findProgram('cc')) !== undefined,
  "the benchmark's load generator is compiled (Debian: gcc, libc6-dev)",
)
const subscribers = 10
const short = { subscribers, publishers: 1, rate: 200, warmMs: 100, measureMs: 400, drainMs: 20_000 }
/** What is lost is waited for so long; what is late on a busy machine should not seem lost. */
const waitForMissingMs = 2_000
const overSse = { way: 'sse', path: '/', publishPath: '/' }

const newest: Lie = (messages) => messages.slice(-1)

async function runAgainst(drainMs: number, ...server: Parameters<typeof startLyingServer>) {
  const { port, close } = await startLyingServer(...server)
  try {
    return await generate({ port, ...overSse, ...short, drainMs })
  } finally {
    await close()
  }
}

for (const way of ['websocket', 'sse'])
  test.skipIf(!hasCompiler)(
    `the benchmark finds nothing wrong with what Tidings tells over ${way}`,
    async () => {
      const endpoint = tidings.endpoints.find((each) => each.way === way)
      const figures = await withServer(tidings, {}, (server) =>
        step(server, { ...tidings.publish.http, ...endpoint?.load, ...short }),
      )
      expect(figures.wrong).toBeUndefined()
      expect(figures.published).toBeGreaterThan(20)
      expect(figures.delivered).toBe(figures.published * subscribers)
      expect(figures.heard.count).toBeGreaterThan(0)
      expect(figures.cpuUsPerDelivery).toBeGreaterThanOrEqual(0)
    },
  )

test.skipIf(!hasCompiler)(
  'messages that arrive byte by byte are counted and checked like others',
  async () => {
    const report = await runAgainst(short.drainMs, newest, (sink, event) => {
      for (const byte of event) sink.write(byte)
      return true
    })
    expect(findWrongs(report)).toBeUndefined()
    expect(report.delivered).toBe(report.published * subscribers)
    expect(report.heard.count).toBeGreaterThan(0)
  },
)

const lies: readonly (readonly [string, Lie, RegExp])[] = [
  [
    'loses one message',
    (messages) => (messages.length === 20 ? [] : newest(messages, 0)),
    /10 messages that never came/,
  ],
  // The first is checked message by message, the last is only counted.
  [
    'loses one message of one subscriber',
    (messages, subscriber) => (messages.length === 20 && subscriber === 9 ? [] : newest(messages, 0)),
    /^1 messages that never came$/,
  ],
  [
    'tells one message twice',
    (messages) => (messages.length === 20 ? messages.slice(-2) : newest(messages, 0)),
    /1 messages heard again or too late.*10 messages too many/,
  ],
  [
    'changes the order of two messages',
    (messages) => {
      if (messages.length === 20) return []
      return messages.length === 21 ? messages.slice(-2).reverse() : newest(messages, 0)
    },
    /^1 gaps in a sequence, 1 messages heard again or too late$/,
  ],
  [
    'spoils a message',
    (messages) =>
      messages.length === 20
        ? newest(messages, 0).map((text) => text.replace(/@\d/, '@?'))
        : newest(messages, 0),
    /^1 gaps in a sequence, 1 answers that could not be read$/,
  ],
]

for (const [what, lie, sentence] of lies)
  test.skipIf(!hasCompiler).concurrent(`a run fails when the server ${what}`, async () => {
    expect(findWrongs(await runAgainst(waitForMissingMs, lie))).toMatch(sentence)
  })
