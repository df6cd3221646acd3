import { type Way, ways } from '@tidings/protocol'
import { seedOfRun } from '../support/random.js'
import type { Account } from './live.js'
import { type Place, runSequence } from './sequence.js'

/** Sequences that run at once: most of their time they wait. */
const atOnce = 6

/** How many there are in all places together. */
const total = Number(process.env.SEQUENCES ?? 40)

export interface Result {
  /** For a test's message: with the seed of each sequence in which something is wrong. Empty when nothing is. */
  wrong: string
  heard: number
  acknowledged: number
  /** How often a client came to each way. */
  readonly carried: Record<Way, number>
  /** How often a client lost what carried, and tried again. */
  retries: number
}

/**
 * Runs so many sequences, each with a seed of its own, which is printed when something is wrong. `SEED=` runs that one
 * alone; `SEQUENCES=` says how many there are, in all places together.
 *
 * @param share of the sequences that run here, of 40
 */
export async function runSequences(place: Place, share: number): Promise<Result> {
  const first = seedOfRun()
  const count = process.env.SEED ? 1 : Math.ceil((share * total) / 40)
  const seeds = Array.from({ length: count }, (_, index) => (first + index) % 2 ** 32)
  const carried = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }
  const result: Result = { wrong: '', heard: 0, acknowledged: 0, carried, retries: 0 }
  const work = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const { wrong, accounts } = await runSequence(seed, place)
      if (wrong.length > 0) result.wrong += `SEED=${seed} npx vitest run tests/faults\n${wrong.join('\n')}\n`
      for (const account of accounts) add(result, account)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const { wrong, ...rest } = result
  console.log(`SEED=${first} and the ${count - 1} after it: ${JSON.stringify(rest)}`)
  return result
}

function add(result: Result, { hearings, attempts, journal }: Account): void {
  for (const { sightings } of hearings) result.heard += sightings.length
  result.acknowledged += attempts.filter(({ fate }) => fate === 'acknowledged').length
  for (const way of ways) result.carried[way] += journal.filter((line) => line.includes(` ${way} (`)).length
  result.retries += journal.filter((line) => line.includes(' waiting ')).length
}

/** How long a test of so many sequences may take, milliseconds. */
export function timeForMs(share: number): number {
  return 60_000 + (share * 10_000 * total) / 40
}
