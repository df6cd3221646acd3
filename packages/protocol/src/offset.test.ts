import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginning, formatOffset, now, parseOffset, zeroOffset } from './offset.js'

const number = fc.oneof(fc.nat(1000), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER))

test('an offset that was written is read as it was', () => {
  fc.assert(
    fc.property(number, number, (history, position) => {
      fc.pre(history + position > 0)
      expect(parseOffset(formatOffset(history, position))).toEqual({ at: 'offset', history, position })
    }),
  )
})

test('offsets sort as strings as they follow each other', () => {
  fc.assert(
    fc.property(number, number, number, number, (history1, position1, history2, position2) => {
      const a = formatOffset(history1, position1)
      const b = formatOffset(history2, position2)
      const isBefore = history1 < history2 || (history1 === history2 && position1 < position2)
      expect(a < b).toBe(isBefore)
      expect(a.length).toBe(33)
      expect(zeroOffset <= a).toBe(true)
    }),
  )
})

test('the beginning has two spellings, the tail one', () => {
  for (const text of [beginning, zeroOffset, '-1']) expect(parseOffset(text)).toEqual({ at: 'beginning' })
  expect(parseOffset(now)).toEqual({ at: 'now' })
})

test('only what was written is an offset', () => {
  for (const text of [
    '',
    '0',
    '-2',
    'NOW',
    '1_2',
    ' -1',
    '-1\n',
    '0000000000000001-0000000000000002',
    '0000000000000001_000000000000002',
    '0000000000000001_00000000000000002',
    '0000000000000001_0000000000000002\n',
    '0000000000000001_9007199254740992',
    '9007199254740992_0000000000000001',
    '+000000000000001_0000000000000002',
    '٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠١_0000000000000002',
  ]) {
    expect([text, parseOffset(text)]).toEqual([text, undefined])
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      const offset = parseOffset(text)
      if (offset?.at === 'offset') expect(formatOffset(offset.history, offset.position)).toBe(text)
    }),
  )
})
