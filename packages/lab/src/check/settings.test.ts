import { expect, test } from 'vitest'
import { checkIds } from './check-id.js'
import { readSettings } from './settings.js'

const read = (query: string) => readSettings(new URLSearchParams(query))

test('without a query all checks run, and wait as long as suits a real network', () => {
  expect(read('')).toEqual({
    idleMs: 10_000,
    holdSeconds: 25,
    heldMs: 1_000,
    patienceMs: 5_000,
    openingMs: 8_000,
    proofMs: 5_000,
    quietMs: 2_000,
    only: checkIds,
  })
})

test('the query says otherwise', () => {
  expect(
    read(
      'idle-ms=300&hold-seconds=2&held-ms=40&patience-ms=700&opening-ms=800&proof-ms=600&quiet-ms=90&only=idle,sse',
    ),
  ).toEqual({
    idleMs: 300,
    holdSeconds: 2,
    heldMs: 40,
    patienceMs: 700,
    openingMs: 800,
    proofMs: 600,
    quietMs: 90,
    only: ['sse', 'idle'],
  })
})

test('what can not be meant is passed over, and what is too much is cut', () => {
  const { idleMs, holdSeconds, heldMs, only } = read('idle-ms=soon&hold-seconds=1.5&held-ms=1e9&only=tea')
  expect({ idleMs, holdSeconds, heldMs, only }).toEqual({
    idleMs: 10_000,
    holdSeconds: 2,
    heldMs: 30_000,
    only: checkIds,
  })
  expect(read('hold-seconds=-3').holdSeconds).toBe(1)
})
