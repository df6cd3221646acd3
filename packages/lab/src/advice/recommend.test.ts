import { type Way, ways } from '@tidings/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LaneFigures } from '../figures/types.js'
import { choicesOf, presetNamed } from '../workload/presets.js'
import { type Measurement, matters, recommend } from './recommend.js'

/** What lanes that behave as their way does would have measured. */
interface Scene {
  readonly messagesPerSecond: number
  readonly messageBytes: number
  readonly pollIntervalMs: number
  readonly seconds: number
}

const pollHeads = 700
const sseFraming = 51
const frameHead = 4

function measure({
  messagesPerSecond,
  messageBytes,
  pollIntervalMs,
  seconds,
}: Scene): Record<Way, LaneFigures> {
  const messages = Math.floor(messagesPerSecond * seconds)
  const polls = Math.floor((seconds * 1_000) / pollIntervalMs)
  const payloadBytes = messages * messageBytes
  const figures = (of: Partial<LaneFigures>): LaneFigures => ({
    requests: 1,
    emptyAnswers: 0,
    connections: 1,
    bytesUp: 600,
    bytesDown: 300,
    payloadBytes,
    messages,
    delayP50Ms: messages > 0 ? 3 : undefined,
    delayP99Ms: messages > 0 ? 9 : undefined,
    roundTripP50Ms: undefined,
    delays: { atMs: [], delayMs: [] },
    elapsedSeconds: seconds,
    lost: 0,
    twice: 0,
    outOfOrder: 0,
    ...of,
  })
  return {
    'short-poll': figures({
      requests: polls,
      emptyAnswers: Math.max(0, polls - messages),
      bytesUp: polls * (pollHeads - 300),
      bytesDown: polls * 300 + payloadBytes,
      delayP50Ms: messages > 0 ? pollIntervalMs / 2 : undefined,
      delayP99Ms: messages > 0 ? pollIntervalMs : undefined,
    }),
    'long-poll': figures({
      requests: messages,
      bytesUp: messages * 400,
      bytesDown: messages * 300 + payloadBytes,
    }),
    sse: figures({ bytesDown: 300 + messages * sseFraming + payloadBytes }),
    websocket: figures({ bytesDown: 200 + messages * frameHead + payloadBytes }),
  }
}

function measurePreset(
  name: string,
  change: (figures: Record<Way, LaneFigures>) => void = () => {},
): Measurement {
  const { workload, settings, audience } = choicesOf(presetNamed(name)!)
  const { messagesPerSecond, messageBytes } = workload
  const figures = measure({
    messagesPerSecond,
    messageBytes,
    pollIntervalMs: settings.pollIntervalMs,
    seconds: Math.max(60, 10 / messagesPerSecond),
  })
  change(figures)
  return { figures, workload, audience }
}

function wayFor(measurement: Measurement): readonly [Way, string] {
  const advice = recommend(measurement)
  if (advice.kind === 'not-yet') throw new Error(advice.missing)
  return [advice.way, advice.because]
}

describe('a recommendation', () => {
  test.each([
    ['cake', 'sse', 'one-request'],
    ['chat', 'sse', 'one-request'],
    ['stock-ticker', 'websocket', 'least-overhead'],
    ['notifications', 'sse', 'one-request'],
    ['llm-tokens', 'sse', 'one-request'],
    ['game', 'websocket', 'speaks-often'],
  ])('for %s is %s (%s)', (preset, way, because) => {
    expect(wayFor(measurePreset(preset))).toEqual([way, because])
  })

  test('of the brief’s channel says how much of short polling would be empty', () => {
    const workload = { ...presetNamed('cake')!.workload, messagesPerSecond: 0.2 }
    const figures = measure({ messagesPerSecond: 0.2, messageBytes: 120, pollIntervalMs: 150, seconds: 60 })
    const audience = { readers: 500, saysPerMinute: 0, toleratedDelayMs: 1_000 }
    const advice = recommend({ figures, workload, audience })
    if (advice.kind === 'not-yet') throw new Error(advice.missing)
    expect(advice.way).toBe('sse')
    expect(advice.sentences[1]).toMatch(
      /^At 0\.2 messages a second and 500 readers, short polling would spend 97% of its requests on empty answers/,
    )
  })

  test('for few readers who may be late is short polling, and for the same ones in a hurry it is not', () => {
    const measurement = measurePreset('cake')
    const patient = { readers: 5, saysPerMinute: 0, toleratedDelayMs: 10_000 }
    expect(wayFor({ ...measurement, audience: patient })).toEqual(['short-poll', 'few-requests'])
    expect(wayFor({ ...measurement, audience: { ...patient, toleratedDelayMs: 100 } })[0]).toBe('sse')
  })

  test('for many small messages that may be late is short polling, which gathers them', () => {
    const { workload } = measurePreset('llm-tokens')
    const figures = measure({ ...workload, pollIntervalMs: 1_000, seconds: 60 })
    const audience = { readers: 400, saysPerMinute: 0, toleratedDelayMs: 2_000 }
    expect(wayFor({ figures, workload, audience })).toEqual(['short-poll', 'gathers'])
    expect(wayFor({ figures, workload, audience: { ...audience, readers: 4_000 } })[0]).toBe('sse')
  })

  test('is long polling where neither stream nor socket brings anything', () => {
    const nothing = { messages: 0, payloadBytes: 0, delayP50Ms: undefined, delayP99Ms: undefined }
    const measurement = measurePreset('chat', (figures) => {
      figures.sse = { ...figures.sse, ...nothing }
      figures.websocket = { ...figures.websocket, ...nothing }
    })
    const advice = recommend(measurement)
    expect(advice).toMatchObject({ kind: 'way', way: 'long-poll', because: 'gets-through' })
    expect(advice.kind === 'way' && advice.sentences[1]).toContain('network check')
  })

  test('passes over a way that lost something', () => {
    const measurement = measurePreset('chat', (figures) => {
      figures.sse = { ...figures.sse, lost: 1 }
    })
    expect(wayFor(measurement)[0]).toBe('websocket')
  })

  test('names the soonest when none is soon enough', () => {
    const measurement = measurePreset('chat', (figures) => {
      for (const way of ways) figures[way] = { ...figures[way], delayP99Ms: 5_000 }
      figures['long-poll'] = { ...figures['long-poll'], delayP99Ms: 4_000 }
    })
    expect(wayFor(measurement)).toEqual(['long-poll', 'soonest'])
  })

  test('waits until enough was measured, and says what is missing', () => {
    const { workload, audience } = measurePreset('chat')
    const figures = measure({ messagesPerSecond: 2, messageBytes: 220, pollIntervalMs: 1_000, seconds: 1 })
    expect(recommend({ figures, workload, audience })).toMatchObject({ kind: 'not-yet' })
    const silent = recommend({ figures, workload: { ...workload, messagesPerSecond: 0 }, audience })
    expect(silent).toMatchObject({
      kind: 'not-yet',
      missing: expect.stringContaining('Nothing is published'),
    })
  })

  test('over any workload is of a way that was measured, within what is tolerated if any is, in two whole sentences', () => {
    const anyMeasurement = fc.record({
      messagesPerSecond: fc.double({ min: 0.05, max: 200, noNaN: true }),
      messageBytes: fc.integer({ min: 64, max: 16_384 }),
      pollIntervalMs: fc.integer({ min: 50, max: 30_000 }),
      readers: fc.integer({ min: 1, max: 1_000_000 }),
      saysPerMinute: fc.integer({ min: 0, max: 1_200 }),
      toleratedDelayMs: fc.integer({ min: 10, max: 600_000 }),
    })
    fc.assert(
      fc.property(anyMeasurement, ({ readers, saysPerMinute, toleratedDelayMs, ...scene }) => {
        const seconds = Math.max(60, 10 / scene.messagesPerSecond)
        const figures = measure({ ...scene, seconds })
        const workload = { ...scene, burst: 1, readers: presetNamed('cake')!.workload.readers }
        const advice = recommend({
          figures,
          workload,
          audience: { readers, saysPerMinute, toleratedDelayMs },
        })
        if (advice.kind === 'not-yet') throw new Error('it was measured')
        const chosen = advice.outlooks[advice.way]
        const isAnySoonEnough = ways.some((way) => advice.outlooks[way].isSoonEnough)
        expect(chosen.isMeasured).toBe(true)
        expect(chosen.isSoonEnough).toBe(isAnySoonEnough)
        if (advice.way === 'short-poll' && isAnySoonEnough && advice.because !== 'gets-through')
          expect(chosen.requestsPerSecond).toBeLessThanOrEqual(matters.manyRequestsPerSecond)
        for (const sentence of advice.sentences) {
          expect(sentence).toMatch(/^[A-Z0-9].*\.$/)
          expect(sentence).not.toMatch(/NaN|undefined|Infinity|unknown/)
        }
      }),
    )
  })
})

describe('looking ahead', () => {
  test('multiplies what one lane cost by the audience, and adds what they say', () => {
    const figures = measure({ messagesPerSecond: 1, messageBytes: 100, pollIntervalMs: 1_000, seconds: 100 })
    const { workload } = presetNamed('cake')!
    const audience = { readers: 10, saysPerMinute: 60, toleratedDelayMs: 2_000 }
    const { outlooks } = recommend({ figures, workload, audience })
    // Each reader polls once and speaks once a second, 700 bytes of heads a time.
    expect(outlooks['short-poll'].requestsPerSecond).toBe(20)
    expect(outlooks['short-poll'].overheadBitsPerSecond).toBe(10 * 2 * pollHeads * 8)
    expect(outlooks['short-poll'].heldConnections).toBe(0)
    expect(outlooks.websocket.requestsPerSecond).toBeCloseTo(0.1)
    expect(outlooks.websocket.heldConnections).toBe(10)
  })
})
