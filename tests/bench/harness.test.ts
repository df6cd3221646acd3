import { expect, test } from 'vitest'
import {
  findProgram,
  findWrongs,
  generate,
  type Load,
  step,
  tidings,
  withServer,
} from '../../bench/harness/index.mjs'
import { requirement } from '../support/requirements.js'
import { type Lie, startLyingServer } from './lying-server.js'

const hasCompiler = requirement(
  'gcc',
  (findProgram('gcc') ?? findProgram('cc')) !== undefined,
  "the benchmark's load generator is compiled (Debian: gcc, libc6-dev)",
)
const subscribers = 10
/** What is late on a busy machine should not seem lost. */
const drainMs = 20_000
/** What is lost is waited for so long. */
const waitForMissingMs = 2_000
const short = { subscribers, publishers: 1, rate: 200, warmMs: 100, measureMs: 400, drainMs }
const overSse = { way: 'sse', path: '/', publishPath: '/' }

type Server = Parameters<typeof startLyingServer>

async function runAgainst(load: Load, ...server: Server) {
  const { port, close } = await startLyingServer(...server)
  try {
    return await generate({ port, ...overSse, ...short, ...load })
  } finally {
    await close()
  }
}

/** The message at which a server lies. */
const twentieth = 20

for (const way of ['websocket', 'sse'])
  test
    .skipIf(!hasCompiler)
    .concurrent(`the benchmark finds nothing wrong with what Tidings tells over ${way}`, async () => {
      const endpoint = tidings.endpoints.find((each) => each.way === way)
      const figures = await withServer(tidings, {}, (server) =>
        step(server, { ...tidings.publish.http, ...endpoint?.load, ...short }),
      )
      expect(figures.wrong).toBeUndefined()
      expect(figures.published).toBeGreaterThan(20)
      expect(figures.delivered).toBe(figures.published * subscribers)
      expect(figures.heard.count).toBeGreaterThan(0)
      expect(figures.cpuUsPerDelivery).toBeGreaterThanOrEqual(0)
    })

test
  .skipIf(!hasCompiler)
  .concurrent('who stops reading is checked when it reads again, and is not timed', async () => {
    const report = await runAgainst({ stoppedPercent: 100, checkEvery: 1 }, newest)
    expect(findWrongs(report)).toBeUndefined()
    expect(report.delivered).toBe(report.published * subscribers)
    expect(report.heard.count).toBe(0)
  })

const newest: Lie = (messages) => messages.slice(-1)

for (const [way, size] of [
  ['sse', 100],
  ['websocket', 100],
  ['websocket', 200],
] as const)
  test
    .skipIf(!hasCompiler)
    .concurrent(
      `messages of ${size} bytes over ${way} that arrive byte by byte are counted and checked like others`,
      async () => {
        const report = await runAgainst({ way, size, rate: 50 }, newest, (sink, bytes) => {
          for (const byte of bytes) sink.write(Buffer.of(byte))
        })
        expect(findWrongs(report)).toBeUndefined()
        expect(report.delivered).toBe(report.published * subscribers)
        expect(report.heard.count).toBeGreaterThan(0)
      },
    )

for (const way of ['websocket', 'sse'])
  test
    .skipIf(!hasCompiler)
    .concurrent(`what comes in bursts over ${way} is counted like others, and by its bytes`, async () => {
      const endpoint = tidings.endpoints.find((each) => each.way === way)
      const figures = await withServer(tidings, {}, (server) =>
        step(server, { ...tidings.publish.http, ...endpoint?.load, ...short, rate: 0, window: 500 }),
      )
      expect(figures.wrong).toBeUndefined()
      expect(figures.delivered).toBe(figures.published * subscribers)
    })

for (const [what, lie] of [
  ['cuts a byte off', (text: string) => `${text.slice(0, -3)}"}`],
  ['adds a byte to', (text: string) => `${text.slice(0, -2)}x"}`],
] as const)
  test
    .skipIf(!hasCompiler)
    .concurrent(
      `a run fails when the server ${what} a message of a subscriber that is only counted`,
      async () => {
        const spoil: Lie = (messages, subscriber) =>
          messages
            .slice(-1)
            .map((text) => (messages.length === twentieth && subscriber === 9 ? lie(text) : text))
        expect(findWrongs(await runAgainst({ way: 'websocket', bareFrames: 1 }, spoil))).toMatch(
          /^1 answers that could not be read$/,
        )
      },
    )

const lies: readonly (readonly [string, Lie, RegExp])[] = [
  [
    'loses one message',
    (messages) => (messages.length === twentieth ? [] : messages.slice(-1)),
    /10 messages that never came/,
  ],
  // The first subscriber is checked message by message, the last is only counted.
  [
    'loses one message of one subscriber',
    (messages, subscriber) => (messages.length === twentieth && subscriber === 9 ? [] : messages.slice(-1)),
    /^1 messages that never came$/,
  ],
  [
    'tells one message twice',
    (messages) => messages.slice(messages.length === twentieth ? -2 : -1),
    /1 messages heard again or too late.*10 messages too many/,
  ],
  [
    'changes the order of two messages',
    (messages) => {
      if (messages.length === twentieth) return []
      return messages.length === twentieth + 1 ? messages.slice(-2).reverse() : messages.slice(-1)
    },
    /^1 gaps in a sequence, 1 messages heard again or too late$/,
  ],
  [
    'spoils a message',
    (messages) =>
      messages.slice(-1).map((text) => (messages.length === twentieth ? text.replace(/@\d/, '@?') : text)),
    /^1 gaps in a sequence, 1 answers that could not be read$/,
  ],
]

for (const way of ['websocket', 'sse'])
  for (const [what, lie, sentence] of lies)
    test.skipIf(!hasCompiler).concurrent(`a run over ${way} fails when the server ${what}`, async () => {
      expect(findWrongs(await runAgainst({ way, drainMs: waitForMissingMs }, lie))).toMatch(sentence)
    })
