import { expect, test } from 'vitest'
import { runKillLoop } from '../kill-loop/kill-loop.js'
import { describeFaults } from '../support/history-checker.js'
import { seedOfRun } from '../support/random.js'
import { temporaryFolder } from '../support/test-server.js'

const seed = seedOfRun()

test('clients of all four ways go on through graceful restarts under load, and nothing is lost, repeated or out of order', async () => {
  console.log(`SEED=${seed}`)
  const folder = await temporaryFolder()
  const report = await runKillLoop({ rounds: 3, seed, folder, engine: 'disk', signal: 'SIGTERM' })
  expect(describeFaults(report.faults)).toBe('nothing wrong')
  expect(report.troubles).toEqual([])
})
