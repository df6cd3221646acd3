import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SequenceCheck } from './sequence-check.js'

function hear(...numbers: number[]): SequenceCheck {
  const check = new SequenceCheck()
  for (const n of numbers) check.hear(n)
  return check
}

function countsOf({ heard, lost, twice, outOfOrder }: SequenceCheck) {
  return { heard, lost, twice, outOfOrder }
}

describe('a sequence', () => {
  test('joins at the first number that it hears', () => {
    expect(countsOf(hear(7, 8, 9))).toEqual({ heard: 3, lost: 0, twice: 0, outOfOrder: 0 })
  })

  test('has lost what was skipped', () => {
    expect(countsOf(hear(1, 4, 5, 7))).toEqual({ heard: 4, lost: 3, twice: 0, outOfOrder: 0 })
  })

  test('has not lost what comes late: that is out of order', () => {
    expect(countsOf(hear(1, 5, 3, 2, 4))).toEqual({ heard: 5, lost: 0, twice: 0, outOfOrder: 3 })
  })

  test('has heard twice what it had heard before, late or not', () => {
    expect(countsOf(hear(1, 2, 2, 5, 3, 3))).toEqual({ heard: 6, lost: 1, twice: 2, outOfOrder: 1 })
  })

  test('takes a number before its first for one that comes late', () => {
    expect(countsOf(hear(5, 3, 4, 3))).toEqual({ heard: 4, lost: 0, twice: 1, outOfOrder: 2 })
  })

  test('holds so many gaps, and what it has forgotten stays lost', () => {
    const check = new SequenceCheck()
    for (let n = 1; n <= 20_001; n += 2) check.hear(n)
    expect(check.lost).toBe(10_000)
    check.hear(2)
    expect(countsOf(check)).toMatchObject({ lost: 10_000, twice: 1 })
    check.hear(20_000)
    expect(countsOf(check)).toMatchObject({ lost: 9_999, outOfOrder: 1 })
  })

  test('counts as one who remembers everything does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (numbers) => {
        const seen = new Set<number>()
        let twice = 0
        let outOfOrder = 0
        let highest = 0
        for (const n of numbers) {
          if (seen.has(n)) twice += 1
          else if (n < highest) outOfOrder += 1
          highest = Math.max(highest, n)
          seen.add(n)
        }
        const lost = highest - Math.min(...numbers) + 1 - seen.size
        expect(countsOf(hear(...numbers))).toEqual({ heard: numbers.length, lost, twice, outOfOrder })
      }),
    )
  })
})
