import { describe, expect, test } from 'vitest'
import { type PredictionInput, predict } from './prediction.js'

const input: PredictionInput = {
  messagesPerSecond: 0.2,
  burst: 1,
  messageBytes: 100,
  pollIntervalMs: 1_000,
  holdSeconds: 20,
  isKeptAlive: true,
  requestHeadBytes: 500,
  answerHeadBytes: 300,
  emptyAnswerBytes: 250,
  roundTripMs: 0,
}

/** What one reader did in a time that was played through, by the second. */
interface Played {
  readonly requests: number
  readonly emptyAnswers: number
  readonly bytesUp: number
  readonly bytesDown: number
  readonly delayP50Ms: number
  readonly delayP99Ms: number
}

const playedBursts = 10_000

/** A die that always falls the same. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

/** Bursts as the workload publishes them, each a little early or late: the clocks of two programs keep no step. */
function burstsOf({ messagesPerSecond, burst }: PredictionInput): number[] {
  const throwDie = dice(7)
  const periodMs = (burst / messagesPerSecond) * 1_000
  const bursts: number[] = []
  for (let index = 1; index <= playedBursts; index += 1) {
    bursts.push((index + (throwDie() - 0.5) * 0.1) * periodMs)
  }
  return bursts
}

function play(way: 'short-poll' | 'long-poll', settings: PredictionInput): Played {
  const bursts = burstsOf(settings)
  const playedSeconds = (playedBursts * settings.burst) / settings.messagesPerSecond
  const { roundTripMs, burst, messageBytes } = settings
  const wayMs = roundTripMs / 2
  const upMs = settings.isKeptAlive ? wayMs : wayMs + roundTripMs
  const delays: number[] = []
  let [requests, emptyAnswers, bytesDown, next] = [0, 0, 0, 0]
  let serverMs = upMs
  while (serverMs < playedSeconds * 1_000) {
    requests += 1
    const waitsUntilMs = serverMs + (way === 'long-poll' ? settings.holdSeconds * 1_000 : 0)
    const isSomethingThere = (bursts[next] ?? Number.POSITIVE_INFINITY) <= waitsUntilMs
    const answerMs = isSomethingThere ? Math.max(serverMs, bursts[next] as number) : waitsUntilMs
    let found = 0
    for (; (bursts[next] ?? Number.POSITIVE_INFINITY) <= answerMs; next += 1) {
      found += burst
      for (let index = 0; index < burst; index += 1) delays.push(answerMs + wayMs - (bursts[next] as number))
    }
    if (found === 0) emptyAnswers += 1
    bytesDown +=
      found === 0 ? settings.emptyAnswerBytes : settings.answerHeadBytes + found * (messageBytes + 1) + 1
    serverMs = answerMs + wayMs + (way === 'short-poll' ? settings.pollIntervalMs : 0) + upMs
  }
  delays.sort((a, b) => a - b)
  return {
    requests: requests / playedSeconds,
    emptyAnswers: emptyAnswers / playedSeconds,
    bytesUp: (requests * settings.requestHeadBytes) / playedSeconds,
    bytesDown: bytesDown / playedSeconds,
    delayP50Ms: delays[Math.floor(delays.length * 0.5)] ?? 0,
    delayP99Ms: delays[Math.floor(delays.length * 0.99)] ?? 0,
  }
}

const workloads: readonly (readonly [string, Partial<PredictionInput>])[] = [
  ['a cake: seldom something', { messagesPerSecond: 0.05, pollIntervalMs: 1_000, holdSeconds: 9 }],
  ['one message in five polls', { messagesPerSecond: 0.2, roundTripMs: 2 }],
  [
    'a stock ticker: more messages than polls',
    { messagesPerSecond: 50, pollIntervalMs: 500, roundTripMs: 10 },
  ],
  ['tokens in bursts', { messagesPerSecond: 20, burst: 40, pollIntervalMs: 300, roundTripMs: 20 }],
  ['long polls that can not follow', { messagesPerSecond: 40, roundTripMs: 100 }],
  ['a far network and short holds', { messagesPerSecond: 0.02, holdSeconds: 2, roundTripMs: 200 }],
  ['fresh connections', { messagesPerSecond: 3, isKeptAlive: false, roundTripMs: 60, pollIntervalMs: 700 }],
]

describe.each(workloads)('%s', (_name, change) => {
  test.each(['short-poll', 'long-poll'] as const)('%s costs what arithmetic says', (way) => {
    const settings = { ...input, ...change }
    const predicted = predict(way, settings)
    const played = play(way, settings)
    const near = (name: keyof Played, value: number) => {
      const allowed = Math.max(played[name] * 0.04, name.startsWith('delay') ? 6 : 0.006)
      expect(Math.abs(value - played[name]), `${name}: ${value} was ${played[name]}`).toBeLessThanOrEqual(
        allowed,
      )
    }
    near('requests', predicted.requestsPerSecond.value)
    near('emptyAnswers', predicted.emptyAnswersPerSecond.value)
    near('bytesUp', predicted.bytesUpPerSecond.value)
    near('bytesDown', predicted.bytesDownPerSecond.value)
    near('delayP50Ms', predicted.delayP50Ms.value)
    near('delayP99Ms', predicted.delayP99Ms.value)
  })
})

describe('a prediction', () => {
  test('says its arithmetic', () => {
    const { emptyAnswersPerSecond } = predict('short-poll', input)
    expect(emptyAnswersPerSecond.value).toBeCloseTo(0.8)
    expect(emptyAnswersPerSecond.because).toBe(
      '1 request each 1,000 ms; at 0.2 messages a second 80 % of them find nothing',
    )
  })

  test('of a silent channel has polls that are all empty', () => {
    const silent = { ...input, messagesPerSecond: 0 }
    const short = predict('short-poll', silent)
    expect(short.emptyAnswersPerSecond.value).toBe(short.requestsPerSecond.value)
    const long = predict('long-poll', silent)
    expect(long.requestsPerSecond.value).toBeCloseTo(1 / 20, 3)
    expect(long.emptyAnswersPerSecond.value).toBe(long.requestsPerSecond.value)
    for (const way of ['short-poll', 'long-poll', 'sse', 'websocket'] as const) {
      for (const { value, because } of Object.values(predict(way, silent))) {
        expect(Number.isFinite(value)).toBe(true)
        expect(because).not.toMatch(/NaN|Infinity/)
      }
    }
  })

  test('of fresh connections opens one for each request', () => {
    const fresh = predict('short-poll', { ...input, isKeptAlive: false })
    expect(fresh.connectionsPerSecond.value).toBe(fresh.requestsPerSecond.value)
    expect(predict('short-poll', input).connectionsPerSecond.value).toBe(0)
  })

  test('of streams has what the framing takes beside each message', () => {
    const busy = { ...input, messagesPerSecond: 10, roundTripMs: 4 }
    // id:<33 characters>\n data:<100>\n \n, in a chunk of 90 in hexadecimal.
    expect(predict('sse', busy).bytesDownPerSecond.value).toBe(10 * (3 + 33 + 1 + 5 + 100 + 2 + 6))
    expect(predict('websocket', busy).bytesDownPerSecond.value).toBe(10 * 102)
    expect(predict('websocket', { ...busy, messageBytes: 126 }).bytesDownPerSecond.value).toBe(10 * 130)
    expect(predict('websocket', busy).payloadShare.value).toBeCloseTo(100 / 102)
    expect(predict('websocket', busy).delayP99Ms.value).toBe(2)
    expect(predict('websocket', busy).requestsPerSecond.value).toBe(0)
  })

  test('of polls shares the bytes between heads and messages', () => {
    const { payloadShare, bytesUpPerSecond, bytesDownPerSecond } = predict('short-poll', input)
    expect(payloadShare.value).toBeCloseTo(20 / (bytesUpPerSecond.value + bytesDownPerSecond.value))
  })
})
