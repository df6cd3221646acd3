import { seedOfRun } from '../support/random.js'
import { type Place, runSequence } from './sequence.js'

/** Sequences that run at once: most of their time they wait. */
const atOnce = 4

/**
 * Runs so many sequences, each with a seed of its own, which is printed when something is wrong. `SEED=` runs that one
 * alone; `SEQUENCES=` says how many there are, in all places together.
 *
 * @param share of the sequences that run here, of 40
 */
export async function runSequences(place: Place, share: number): Promise<string> {
  const first = seedOfRun()
  const count = process.env.SEED ? 1 : Math.ceil((share * Number(process.env.SEQUENCES ?? 40)) / 40)
  console.log(`SEED=${first} and the ${count - 1} after it`)
  const seeds = Array.from({ length: count }, (_, index) => (first + index) % 2 ** 32)
  const wrong: string[] = []
  const work = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const found = await runSequence(seed, place)
      if (found.length > 0) wrong.push(`SEED=${seed} npx vitest run tests/faults\n${found.join('\n')}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return wrong.join('\n\n')
}

/** How long a test of so many sequences may take, milliseconds. */
export function timeForMs(share: number): number {
  return 60_000 + (share * 10_000 * Number(process.env.SEQUENCES ?? 40)) / 40
}
