import { readFile, writeFile } from 'node:fs/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { randomOf } from '../support/random.js'
import { accountOf } from './account.js'
import { Generator } from './generator.js'
import { kinds } from './kinds.js'
import type { Operation } from './operation.js'
import { differencesPage } from './page.js'
import { Pair } from './pair.js'
import { Run } from './run.js'

/** Of every ordinary run, so that it finds the same each time; SEED= and OPERATIONS= for others. */
const usualSeed = 1
const usualCount = 10_000
const seed = Number(process.env.SEED ?? usualSeed)
const count = Number(process.env.OPERATIONS ?? usualCount)

test(`${count} random operations mean the same to Tidings and to the reference server`, async () => {
  console.log(`SEED=${seed} OPERATIONS=${count}`)
  // The reference server says of each 500 that it made a mistake.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void vi.restoreAllMocks())
  // Polls are held only where news surely comes.
  const run = new Run(await Pair.start(30_000))
  onTestFinished(() => run.pair.end())
  const generator = new Generator(randomOf(seed), run.pair.world)
  const sent: Operation[] = []
  for (let index = 0; index < count; index++) await send(run, sent, generator.next())
  await readAll(run, sent)

  const found = [...run.counts].map(([{ id }, times]) => [id, times] as const)
  const never = kinds.filter((kind) => !run.counts.has(kind)).map(({ id }) => id)
  console.log(`agreed: ${JSON.stringify(Object.fromEntries(run.agreed))}`)
  console.log(`differed: ${JSON.stringify(Object.fromEntries(found))}`)
  if (never.length > 0) console.log(`never seen in this run: ${never.join(', ')}`)
  if (seed === usualSeed && count === usualCount) expect(never).toEqual([])
}, 600_000)

test('docs/differences.md says what the test knows', async () => {
  const file = new URL('../../docs/differences.md', import.meta.url)
  if (process.env.WRITE_PAGES === '1') await writeFile(file, differencesPage())
  expect(await readFile(file, 'utf8')).toBe(differencesPage())
})

async function send(run: Run, sent: Operation[], operation: Operation): Promise<void> {
  sent.push(operation)
  const unexplained = await run.send(operation)
  if (unexplained) throw new Error(await accountOf(unexplained, sent))
}

/** Of one channel at the end. */
const maxLastReads = 30

/** At the end every channel is read from offsets that were told, all over it. */
async function readAll(run: Run, sent: Operation[]): Promise<void> {
  for (const channel of run.pair.world.all()) {
    const { name, told } = channel
    await send(run, sent, { method: 'HEAD', channel: name })
    const step = Math.max(1, Math.floor(told.length / maxLastReads))
    for (let index = 0; index < told.length; index += step) {
      await send(run, sent, { method: 'GET', channel: name, query: [['offset', { told: index, of: name }]] })
    }
    await send(run, sent, { method: 'GET', channel: name, query: [['offset', '-1']] })
  }
}
