// node bench/clients/run.mjs [what …] [--client name …] [--network name …] [--rounds n]: our client beside others, each
// against its own server. `--help` says more. What was measured is kept under .cache/bench/clients/results, a piece for
// each client and case, so that it can be measured in pieces; the tables show all that is kept.

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Absent } from '../harness/absent.mjs'
import { describeMachine, warnings } from '../harness/machine.mjs'
import { endAllOnExit } from '../harness/processes.mjs'
import { startBrowserHearer } from './browser.mjs'
import { firstMessage } from './first-message.mjs'
import { startHearer } from './hearer.mjs'
import { install } from './install.mjs'
import { networks } from './network.mjs'
import { writePage } from './page.mjs'
import { peers } from './peers/index.mjs'
import { keep, readResults } from './results.mjs'
import { size } from './size.mjs'
import { tablesOf } from './tables.mjs'
import { trouble } from './trouble.mjs'

const usage = `node bench/clients/run.mjs [what …] [--client name …] [--network name …] [--rounds n]

  what       size | first | first-in-chromium | outage | restart | table | page; all without any
  --client   ${peers.map(({ name }) => name).join(' | ')}; may stand several times
  --network  for first: ${Object.keys(networks).join(' | ')}; may stand several times
  --rounds   default 20 for first, 5 for outage and restart
  table      prints what is kept, measures nothing; so does page, and puts it into docs/client/measured.md`

const say = (text) => process.stderr.write(`${text}\n`)

const kinds = {
  size: measureSizes,
  first: (asked) => measureFirst('first', startHearer, asked),
  'first-in-chromium': (asked) => measureFirst('first-in-chromium', startBrowserHearer, asked),
  outage: (asked) => measureTrouble('outage', asked),
  restart: (asked) => measureTrouble('restart', asked),
  table: async () => {},
  page: async () => {},
}

process.exitCode = await main()

async function main() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        client: { type: 'string', multiple: true, default: peers.map(({ name }) => name) },
        network: { type: 'string', multiple: true, default: Object.keys(networks) },
        rounds: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) return console.log(usage)
    const whats = positionals.length > 0 ? positionals : Object.keys(kinds)
    for (const name of whats) known(name, Object.keys(kinds))
    const asked = {
      peers: values.client.map(
        (name) =>
          peers[
            known(
              name,
              peers.map((peer) => peer.name),
            )
          ],
      ),
      networks: values.network.map((name) => Object.keys(networks)[known(name, Object.keys(networks))]),
      rounds: values.rounds && Number(values.rounds),
    }
    for (const warning of warnings(describeMachine())) say(`warning: ${warning}`)
    endAllOnExit()
    await install()
    for (const what of whats) await kinds[what](asked)
    const tables = tablesOf(readResults(), peers)
    for (const [name, table] of Object.entries(tables)) console.log(`${name}\n\n${table}\n`)
    if (positionals.includes('page')) await writePage(tables)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\n\n${usage}`)
    return 2
  }
  return 0
}

/** @returns its place among `names` */
function known(name, names) {
  const at = names.indexOf(name)
  if (at < 0) throw new TypeError(`There is no ${name}. There are: ${names.join(', ')}`)
  return at
}

async function measureSizes({ peers }) {
  for (const peer of peers.filter(({ isForTroubleOnly }) => !isForTroubleOnly))
    keep({ what: 'size', client: peer.name, figures: await size(peer) })
}

async function measureFirst(what, startHearer, { peers, networks: names, rounds = 20 }) {
  const present = await withServers(peers.filter(({ isForTroubleOnly }) => !isForTroubleOnly))
  for (const name of names)
    for (const peer of present) {
      say(`${what} · ${name} · ${peer.title}`)
      const figures = await firstMessage(peer, networks[name], { rounds, startHearer, say })
      keep({ what, case: name, client: peer.name, figures })
    }
}

/** All clients at once: they wait far more than they work, and so a round takes as long as the slowest. */
async function measureTrouble(what, { peers, rounds = 5 }) {
  const present = await withServers(peers)
  const measured = new Map(present.map((peer) => [peer, []]))
  for (let round = 1; round <= rounds; round++) {
    say(`${what} · round ${round}`)
    await Promise.all(
      present.map(async (peer, at) => {
        // They do not all start and stop their servers in the same moment.
        await sleep(at * 500)
        const figures = await trouble(peer, what)
        say(`    ${peer.name} ${JSON.stringify(figures)}`)
        measured.get(peer).push(...figures)
      }),
    )
    for (const [peer, rounds] of measured) keep({ what, client: peer.name, figures: { rounds } })
  }
}

async function withServers(peers) {
  const present = []
  for (const peer of peers) {
    try {
      await peer.install?.()
      present.push(peer)
    } catch (error) {
      if (!(error instanceof Absent)) throw error
      say(`${peer.title}: ${error.message}`)
    }
  }
  return present
}
