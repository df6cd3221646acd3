import { describe, expect, test } from 'vitest'
import { findLifeFaults, type LifeRecord, type Refusal, type StretchRecord } from './life-checker.js'

const offsetOf = (history: number, position: number) =>
  `${String(history).padStart(16, '0')}_${String(position).padStart(16, '0')}`

function life(history: number, messages: string, more: Partial<LifeRecord> = {}): LifeRecord {
  return {
    channel: 'cake',
    start: offsetOf(history, 0),
    entries: [...messages].map((message, index) => ({
      message,
      offset: offsetOf(history, index + 1),
      attemptedAtMs: index * 1_000,
    })),
    isClosed: true,
    ...more,
  }
}

/** A reader that hears one message a batch. @param from how many messages it has heard before */
function stretch(messages: string, from = 0, more: Partial<StretchRecord> = {}): StretchRecord {
  const heard = [...messages].map((message, index) => ({ message, offset: offsetOf(1, from + index + 1) }))
  return { reader: 'R', channel: 'cake', from: offsetOf(1, from), heard, hasReachedEnd: false, ...more }
}

const refusal = (code: string, earliest?: number, latest?: number, more: Partial<Refusal> = {}): Refusal => ({
  code,
  ...(earliest !== undefined && { earliestOffset: offsetOf(1, earliest) }),
  ...(latest !== undefined && { latestOffset: offsetOf(1, latest) }),
  tick: 10,
  nowMs: 0,
  ...more,
})

const kindsOf = (lives: LifeRecord[], ...stretches: StretchRecord[]) =>
  findLifeFaults(lives, stretches).map(({ kind }) => kind)

test('readers who hear all of their stretch in order have no faults', () => {
  const stretches = [
    stretch('abc'),
    stretch('de', 3, { hasReachedEnd: true }),
    stretch('abcde', 0, { from: '-1' }),
  ]
  expect(kindsOf([life(1, 'abcde')], ...stretches)).toEqual([])
})

test('a drop, a repeat, a swap, a stranger and a false end are found', () => {
  const lives = [life(1, 'abcde')]
  expect(kindsOf(lives, stretch('acd', 0, { heard: [{ message: 'a' }, { message: 'c' }] }))).toEqual(['loss'])
  expect(kindsOf(lives, stretch('', 0, { heard: [{ message: 'a' }, { message: 'a' }] }))).toEqual(['repeat'])
  expect(kindsOf(lives, stretch('', 2, { heard: [{ message: 'b' }, { message: 'c' }] }))).toEqual(['reorder'])
  expect(kindsOf(lives, stretch('', 0, { heard: [{ message: 'b' }, { message: 'a' }] }))).toContain('loss')
  expect(kindsOf(lives, stretch('', 0, { heard: [{ message: 'x' }] }))).toEqual(['phantom'])
  expect(kindsOf(lives, stretch('abc', 0, { hasReachedEnd: true }))).toEqual(['loss'])
  expect(kindsOf([life(1, 'ab', { isClosed: false })], stretch('ab', 0, { hasReachedEnd: true }))).toEqual([
    'loss',
  ])
})

test('an offset that stands for another place is found, also where no message came with it', () => {
  const lives = [life(1, 'abcde')]
  const heard = [{ message: 'a', offset: offsetOf(1, 2) }]
  expect(kindsOf(lives, stretch('', 0, { heard }))).toEqual(['misplaced'])
  expect(kindsOf(lives, stretch('', 1, { heard: [{ offset: offsetOf(1, 3) }] }))).toEqual(['misplaced'])
})

test('who is fed the messages of another life is found', () => {
  const lives = [life(1, 'abc', { endedAt: 1 }), life(2, 'xyz')]
  const heard = [{ message: 'y', offset: offsetOf(2, 2) }]
  expect(kindsOf(lives, stretch('', 1, { heard }))).toEqual(['phantom', 'misplaced'])
  expect(kindsOf(lives, stretch('', 0, { from: offsetOf(9, 1), heard }))).toEqual(['phantom'])
})

describe('a refusal', () => {
  const kept = life(1, 'abcde', { limits: { count: 2 } })

  test('by retention is right when what is left is as much as its limit holds', () => {
    const refused = (earliest: number) => stretch('a', 0, { refusal: refusal('offset-gone', earliest, 5) })
    expect(kindsOf([kept], refused(3))).toEqual([])
    expect(kindsOf([kept], refused(4))).toEqual(['early'])
    expect(kindsOf([kept], refused(1))).toEqual(['refusal'])
    const bytes = life(1, 'abcde', { limits: { bytes: 3 } })
    expect(kindsOf([bytes], refused(2))).toEqual([])
    expect(kindsOf([bytes], refused(3))).toEqual(['early'])
    expect(kindsOf([life(1, 'abcde')], refused(3))).toEqual(['early'])
  })

  test('by age is right when the last that was dropped is so old', () => {
    const aged = life(1, 'abcde', { limits: { ageMs: 5_000 } })
    const refused = (nowMs: number) => stretch('', 0, { refusal: refusal('offset-gone', 3, 5, { nowMs }) })
    expect(kindsOf([aged], refused(7_000))).toEqual([])
    expect(kindsOf([aged], refused(6_999))).toEqual(['early'])
  })

  test('of an offset as another history is right when its life is over', () => {
    const refused = stretch('a', 0, { refusal: refusal('history-changed', 0, 0) })
    expect(kindsOf([life(1, 'abc', { endedAt: 9 }), life(2, 'x')], refused)).toEqual([])
    expect(kindsOf([life(1, 'abc', { endedAt: 11 }), life(2, 'x')], refused)).toEqual(['refusal'])
    expect(kindsOf([life(1, 'abc')], refused)).toEqual(['refusal'])
  })

  test('of a channel as unknown is right when it was deleted before', () => {
    const refused = stretch('a', 0, { refusal: refusal('channel-unknown') })
    expect(kindsOf([life(1, 'abc', { endedAt: 9 })], refused)).toEqual([])
    expect(kindsOf([life(1, 'abc')], refused)).toEqual(['refusal'])
    expect(
      kindsOf([life(1, 'abc', { endedAt: 9 })], stretch('a', 0, { refusal: refusal('internal-error') })),
    ).toEqual(['refusal'])
  })
})
