import { Absent } from './absent.mjs'

/**
 * Measures each case of a scenario with each peer that offers it: round by round, the peers one after the other, so
 * that what else goes on on the machine hits all.
 *
 * @param scenario  one of `bench/scenarios`
 * @param bench     `{ peers, rounds, isQuick, say }`
 * @returns rows `{ case, peer, note, rounds: figures[] }`, or `{ case, peer, absent: reason }`
 */
export async function runRounds(scenario, bench) {
  const rows = scenario.cases(bench.isQuick).flatMap((each) => rowsOf(scenario, each, bench.peers))
  for (let round = 1; round <= bench.rounds; round++) {
    for (const row of rows) {
      if (row.absent) continue
      const title = [scenario.name, row.case.name, row.peer.name, row.form.note].filter(Boolean).join(' · ')
      bench.say(`${round}/${bench.rounds} ${title}`)
      row.rounds.push(await measure(scenario, row, { ...bench, lastOf: lastOf(rows, row) }))
    }
  }
  return rows.map(({ case: { name }, peer, form, absent, rounds }) => ({
    case: name,
    peer: peer.name,
    title: [peer.title, form.note].filter(Boolean).join(', '),
    ...(absent ? { absent } : { rounds }),
  }))
}

async function measure(scenario, row, bench) {
  try {
    const figures = await scenario.measure(row, { ...bench, previous: row.rounds.at(-1) })
    bench.say(`    ${JSON.stringify(figures)}`)
    return figures
  } catch (error) {
    // A peer that falls over must not take the others' figures with it; Ctrl-C ends the process at once.
    bench.say(`    failed: ${error.message}`)
    return { failure: error.message }
  }
}

/** @returns what the same peer in the same form was measured at last in another case, by the case's name */
function lastOf(rows, { peer, form }) {
  return (name) =>
    rows
      .find((each) => each.case.name === name && each.peer === peer && each.form.note === form.note)
      ?.rounds.at(-1)
}

/** A row for each form in which a peer offers the case: an endpoint of its way, or what the scenario says. */
function rowsOf(scenario, each, peers) {
  return peers
    .filter((peer) => scenario.isFor?.(peer, each) ?? true)
    .filter((peer) => !(each.channels > 1 && peer.hasOneChannel))
    .flatMap((peer) => {
      const forms = scenario.forms?.(peer, each) ?? peer.endpoints.filter(({ way }) => way === each.way)
      return forms.map((form) => ({ case: each, peer, form, absent: peer.absent, rounds: [] }))
    })
}

/** Installs the peers. What can't be had gets its reason as `absent`. */
export async function installPeers(peers, say) {
  const installed = []
  for (const peer of peers) {
    try {
      await peer.install()
      installed.push(peer)
    } catch (error) {
      if (!(error instanceof Absent)) throw error
      say(`absent: ${peer.title}: ${error.message}`)
      installed.push({ ...peer, absent: error.message })
    }
  }
  return installed
}
