import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDiskEngine, verifyFolder } from './engines/disk/index.js'
import { MemoryEngine } from './engines/memory.js'
import { type Command, command } from './whole-log-commands-suite.js'
import { Trial } from './whole-log-trial-suite.js'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

async function holdsFor(commands: readonly Command[], trial: Trial): Promise<void> {
  for (const each of commands) {
    await trial.run(each)
    await trial.check()
  }
}

const sequences = fc.array(command, { minLength: 5, maxLength: 60, size: 'max' })
const isShrinking = process.env.SHRINK !== undefined

test(`forks, lifetimes, retention and deletion together are as a plain model has them, in memory (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (commands) => {
      const trial = new Trial(new MemoryEngine())
      try {
        await holdsFor(commands, trial)
      } finally {
        await trial.log.close()
      }
    }),
    { seed, numRuns: 150, endOnFailure: !isShrinking },
  )
})

test(`forks, lifetimes, retention, deletion and restarts together are as a plain model has them, on the disk (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (commands) => {
      const folder = await mkdtemp(join(tmpdir(), 'tidings-whole-'))
      const open = () => openDiskEngine({ folder, durability: 'os' })
      const trial = new Trial(await open(), open)
      try {
        await holdsFor(commands, trial)
        await trial.log.close()
        expect((await verifyFolder(folder)).faults).toEqual([])
      } finally {
        await trial.log.close()
        await rm(folder, { recursive: true, force: true })
      }
    }),
    { seed, numRuns: 25, endOnFailure: !isShrinking },
  )
})
