import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PercentileWindow } from './percentile-window.js'

test('before the first number there is no percentile', () => {
  expect(new PercentileWindow(4).percentile(50)).toBeUndefined()
})

test('percentiles are those of the latest numbers, by nearest rank', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 }), (numbers) => {
      const window = new PercentileWindow(20)
      for (const number of numbers) window.add(number)
      const sorted = numbers.slice(-20).sort((a, b) => a - b)
      for (const percent of [0, 1, 50, 99, 100]) {
        const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
        expect(window.percentile(percent)).toBe(sorted[rank - 1])
      }
    }),
  )
})

test('what is no number is passed over', () => {
  const window = new PercentileWindow(4)
  window.add(Number.NaN)
  window.add(7)
  expect(window.percentile(99)).toBe(7)
})
