// npm run bench [-- scenario … --peer name --quick]: how fast, beside whom. `--help` says more.
//
// Everything runs on loopback, the server on one core and the load generator on another; it stops with this process.
// Results are kept under .cache/bench/results; `node bench/report.mjs` makes docs/performance.md of them.

import { Absent } from './harness/absent.mjs'
import { buildLoadgen } from './harness/build-loadgen.mjs'
import { choose, readCommandLine, usage } from './harness/command-line.mjs'
import { describeMachine, warnings } from './harness/machine.mjs'
import { withMedians } from './harness/medians.mjs'
import { plotOf } from './harness/plot.mjs'
import { endAllOnExit } from './harness/processes.mjs'
import { keep, revision } from './harness/results.mjs'
import { installPeers, runRounds } from './harness/rounds.mjs'
import { tableOf } from './harness/table.mjs'
import { peers } from './peers/index.mjs'
import { scenarios } from './scenarios/index.mjs'

process.exitCode = await main(process.argv.slice(2))

async function main(args) {
  try {
    const asked = readCommandLine(args)
    if (asked.help) console.log(usage)
    else if (asked.list) list()
    else await measure(asked, args)
    return 0
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Absent)) throw error
    console.error(error.message)
    return 2
  }
}

function list() {
  for (const { name, measures } of scenarios) console.log(`${name.padEnd(14)} ${measures}`)
}

async function measure({ scenarioNames, peer: peerNames = [], isQuick, rounds }, args) {
  const chosen = choose(scenarios, scenarioNames, 'scenario')
  const wanted = choose(peers, peerNames, 'peer')
  const machine = describeMachine()
  for (const warning of warnings(machine)) say(`warning: ${warning}`)
  endAllOnExit()
  buildLoadgen()
  const ours = peers.filter(({ name }) => name === 'tidings')
  const installed = await installPeers([...new Set([...ours, ...wanted])], say)
  for (const scenario of chosen) {
    const date = new Date().toISOString()
    const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
    const measured = await runRounds(scenario, { peers: installed, rounds, isQuick, say })
    const rows = withMedians(measured, scenario)
    const about = { scenario: scenario.name, command, date, isQuick, rounds, revision: revision(), machine }
    console.log(`\n## ${scenario.title}\n\n${scenario.measures}\n\n${tableOf(scenario, rows)}\n`)
    say(`kept in ${keep({ ...about, rows }, plotOf(scenario, rows))}.json and .svg`)
  }
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
