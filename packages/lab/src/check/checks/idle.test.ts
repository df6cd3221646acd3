import { expect, test } from 'vitest'
import { idleSteps } from './idle.js'

test('connections are left idle longer and longer, up to what was chosen', () => {
  expect(idleSteps(10_000)).toEqual([10_000])
  expect(idleSteps(60_000)).toEqual([10_000, 60_000])
  expect(idleSteps(300_000)).toEqual([10_000, 60_000, 300_000])
  expect(idleSteps(300)).toEqual([300])
})
