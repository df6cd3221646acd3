import { expect, test } from 'vitest'
import { describeFaults } from '../support/history-checker.js'
import { seedOfRun } from '../support/random.js'
import { temporaryFolder } from '../support/test-server.js'
import { type KillLoopReport, runKillLoop } from './kill-loop.js'

// More rounds: ROUNDS=200 npx vitest run tests/kill-loop. The same once more: SEED=<the seed that was printed>.
const rounds = Number(process.env.ROUNDS ?? 30)
const seed = seedOfRun()

test(
  `a server that is killed ${rounds} times under load loses, repeats and reorders nothing that was acknowledged`,
  async () => {
    const report = await runKillLoop({ rounds, seed, folder: await temporaryFolder(), engine: 'disk' })
    say(report)
    expect(describeFaults(report.faults)).toBe('nothing wrong')
    expect(report.troubles).toEqual([])
    expect(report.kills).toBeGreaterThanOrEqual(rounds)
    expect(report.acknowledged).toBeGreaterThanOrEqual(rounds * 16)
  },
  60_000 + rounds * 15_000,
)

test('durability os keeps through a kill what it acknowledged, too', async () => {
  const folder = await temporaryFolder()
  const report = await runKillLoop({ rounds: 4, seed, folder, engine: 'disk', durability: 'os' })
  say(report)
  expect(describeFaults(report.faults)).toBe('nothing wrong')
  expect(report.troubles).toEqual([])
})

test('the loop can fail: an engine that acknowledges what it does not keep is found out', async () => {
  const report = await runKillLoop({ rounds: 2, seed, folder: await temporaryFolder(), engine: 'memory' })
  say(report)
  expect(report.faults.map(({ kind }) => kind)).toContain('loss')
  // And its readers are told that their history is another one, instead of being fed it; or that there is
  // none, where they come back before the channel is made again.
  expect(report.troubles.join('\n')).toMatch(
    /reader of \S+ \(\S+\) was told (history-changed|channel-unknown)/,
  )
})

function say(report: KillLoopReport): void {
  const { kills, acknowledged, unknown } = report
  console.log(
    `SEED=${seed}: ${kills} kills, ${acknowledged} messages acknowledged, ${unknown} of unknown fate`,
  )
}
