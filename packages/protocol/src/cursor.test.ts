import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advancedCursor, currentCursor } from './cursor.js'

const epochMs = Date.UTC(2024, 9, 9)
const time = fc.integer({ min: epochMs, max: epochMs + 100 * 365 * 24 * 3_600_000 })
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('the present cursor is the number of 20 seconds since the 9th of October 2024', () => {
  expect(currentCursor(epochMs)).toBe(0)
  expect(currentCursor(epochMs + 19_999)).toBe(0)
  expect(currentCursor(epochMs + 20_000)).toBe(1)
  expect(currentCursor(epochMs + 3_600_000)).toBe(180)
})

test('a client whose cursor is behind, or is none, takes the present one', () => {
  fc.assert(
    fc.property(time, random, fc.nat(1_000_000), (nowMs, chance, behind) => {
      const earlier = currentCursor(nowMs) - 1 - behind
      fc.pre(earlier >= 0)
      expect(advancedCursor(String(earlier), nowMs, chance)).toBeUndefined()
    }),
  )
  for (const echoed of [null, '', 'x', '-1', '1.5', '1e3', ' 1', '9'.repeat(16)]) {
    expect(advancedCursor(echoed, epochMs, 0)).toBeUndefined()
  }
})

test('a client whose cursor is not behind gets a later one, by an hour at most, so that it never goes round', () => {
  fc.assert(
    fc.property(time, random, fc.nat(1_000_000), (nowMs, chance, ahead) => {
      const echoed = currentCursor(nowMs) + ahead
      const advanced = advancedCursor(String(echoed), nowMs, chance) as number
      expect(advanced).toBeGreaterThan(echoed)
      expect(advanced).toBeLessThanOrEqual(echoed + 180)
      expect(Number.isSafeInteger(advanced)).toBe(true)
    }),
  )
})
