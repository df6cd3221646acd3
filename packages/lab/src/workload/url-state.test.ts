import { ways } from '@tidings/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Choices, choiceLimits, type Range } from './choices.js'
import { choicesOf, firstPreset, presets } from './presets.js'
import { formatChoices, isPresetItself, parseChoices } from './url-state.js'

const first = choicesOf(firstPreset)

const whole = ({ least, most }: Range) => fc.integer({ min: least, max: most })

const anyChoices: fc.Arbitrary<Choices> = fc.record({
  preset: fc.constantFrom(...presets.map(({ preset }) => preset)),
  workload: fc.record({
    messagesPerSecond: fc.integer({ min: 0, max: 20_000 }).map((hundredths) => hundredths / 100),
    burst: whole(choiceLimits.burst),
    messageBytes: whole(choiceLimits.messageBytes),
    readers: fc
      .tuple(...ways.map(() => whole(choiceLimits.readersPerWay)))
      .map(([shortPoll, longPoll, sse, websocket]) => ({
        'short-poll': shortPoll!,
        'long-poll': longPoll!,
        sse: sse!,
        websocket: websocket!,
      })),
  }),
  settings: fc.record({
    pollIntervalMs: whole(choiceLimits.pollIntervalMs),
    holdSeconds: whole(choiceLimits.holdSeconds),
    isKeptAlive: fc.boolean(),
  }),
  audience: fc.record({
    readers: whole(choiceLimits.audienceReaders),
    saysPerMinute: whole(choiceLimits.saysPerMinute),
    toleratedDelayMs: whole(choiceLimits.toleratedDelayMs),
  }),
})

describe('choices in the address', () => {
  test('whatever is chosen comes back from the address it was written to', () => {
    fc.assert(
      fc.property(anyChoices, (choices) => {
        expect(parseChoices(formatChoices(choices))).toEqual(choices)
      }),
    )
  })

  test('whatever somebody writes there gives choices within the limits', () => {
    const written = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .tuple(fc.constantFrom('rate', 'burst', 'size', 'poll', 'hold', 'sse-readers', 'late'), fc.string())
        .map(([name, value]) => `?${name}=${value}`),
    )
    fc.assert(
      fc.property(written, (search) => {
        const choices = parseChoices(search)
        expect(parseChoices(formatChoices(choices))).toEqual(choices)
        expect(choices.workload.messagesPerSecond).toBeLessThanOrEqual(choiceLimits.messagesPerSecond.most)
      }),
    )
  })

  test('the first preset needs no address, another only its name', () => {
    expect(formatChoices(first)).toBe('')
    expect(formatChoices(choicesOf(presets.at(-1)!))).toBe('?preset=game')
  })

  test('what makes no sense is the preset’s', () => {
    const nonsense = '?preset=nothing&rate=fast&burst=&size=-1&poll=1e3&hold=NaN&keep-alive=maybe&says=0x10'
    expect(parseChoices(nonsense)).toEqual(first)
  })

  test('a number beyond its limit is the nearest that is allowed', () => {
    const { workload, settings } = parseChoices('?rate=9000&burst=0&size=1&poll=1&hold=99&sse-readers=5000')
    expect(workload).toMatchObject({ messagesPerSecond: 200, burst: 1, messageBytes: 64 })
    expect(workload.readers.sse).toBe(200)
    expect(settings).toMatchObject({ pollIntervalMs: 50, holdSeconds: 55 })
  })

  test('a rate may have a fraction, a burst is rounded', () => {
    expect(parseChoices('?rate=0.25&burst=2.6').workload).toMatchObject({ messagesPerSecond: 0.25, burst: 3 })
  })

  test('more readers leave a preset what it is, another rate does not', () => {
    expect(isPresetItself(parseChoices('?preset=cake&sse-readers=20'))).toBe(true)
    expect(isPresetItself(parseChoices('?preset=cake&rate=1'))).toBe(false)
  })

  test('every preset keeps within the limits', () => {
    for (const preset of presets) {
      const choices = choicesOf(preset)
      expect(parseChoices(formatChoices(choices))).toEqual(choices)
      expect(preset.workload.messageBytes).toBeGreaterThanOrEqual(choiceLimits.messageBytes.least)
      expect(preset.settings.pollIntervalMs).toBeGreaterThanOrEqual(choiceLimits.pollIntervalMs.least)
    }
  })
})
