import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatElapsed, formatMs, formatRate } from './format.js'

test('a count is exact while it is short', () => {
  expect([0, 12, 9_999].map(formatCount)).toEqual(['0', '12', '9,999'])
  expect([10_000, 12_449, 123_456, 2_500_000].map(formatCount)).toEqual(['10.0k', '12.4k', '123k', '2.5M'])
})

test('bytes change their unit before they need four digits', () => {
  expect([0, 999, 1_000, 99_949, 99_950, 999_949, 999_950].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '99.9 kB',
    '100 kB',
    '1,000 kB',
    '1.0 MB',
  ])
})

test('a delay has the digits that count, and a dash where there is none', () => {
  expect([undefined, 0.44, 9.96, 999.4, 999.6, 1_204, 120_000].map(formatMs)).toEqual([
    '–',
    '0.4 ms',
    '10 ms',
    '999 ms',
    '1.00 s',
    '1.20 s',
    '120 s',
  ])
})

test('time goes by in seconds, minutes and hours', () => {
  expect([0, 7.9, 754, 3_723].map(formatElapsed)).toEqual(['0:00', '0:07', '12:34', '1:02:03'])
})

test('a rate keeps what is below one', () => {
  expect([0.05, 0.2, 2, 12.5].map(formatRate)).toEqual(['0.05', '0.2', '2', '12.5'])
})
