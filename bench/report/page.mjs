import { failedRounds } from '../harness/medians.mjs'
import { tableOf } from '../harness/table.mjs'
import { goals, NotMeasured } from './goals.mjs'

const opening = `# Performance

This page is made by \`node bench/report.mjs\` from what \`npm run bench\` measured; notes under a table are written by hand
(\`bench/report/notes/\`). The bad results stand here as well as the good.

The server has one core and the load generator another; everything is on loopback. The generator is one program for all
(\`bench/loadgen/\`, C). It counts the messages of every subscriber, each of which must have heard exactly as many as were
published, and, where a WebSocket frame holds a message and nothing else, exactly their bytes. Of every 16th subscriber (all
of them, where the load is small) it checks the sequence message by message and times each message from when it was *due*,
so that delays of its own count too; the others' order is not looked at. It says how idle it was. A run in which a message
was lost, repeated or, as far as that is looked at, out of order is no result. Peers take turns within each round; the tables show
medians over the rounds, the spread those of the first column. Each peer is set up as its own documentation advises for
speed (\`bench/peers/\`), with two exceptions. Socket.IO runs on \`ws\`, its default, and not on one of the native servers that
it advises for more. The Durable Streams reference on Node is, in its authors' words, for development; their server for
production, in Go, is not measured. Ratios to a peer say more than absolute figures, which move with the machine.

    npm run bench                                # everything, three rounds: some hours
    npm run bench -- --rounds 1                  # everything once: about an hour
    npm run bench -- fan-out --peer bun --quick  # whether it works here: a minute
    node bench/report.mjs                        # this page, from what was measured last
`

/**
 * @param scenarios  in the order of the page
 * @param results    by scenario
 * @param notes      by scenario: Markdown, written by hand
 * @returns the page
 */
export function pageOf(scenarios, results, notes) {
  const sections = scenarios.map((scenario) => sectionOf(scenario, results.get(scenario.name), notes))
  return `${[opening, goalsOf(results), ...sections].join('\n')}`
}

function sectionOf(scenario, result, notes) {
  const head = `## ${scenario.title}\n\n${scenario.measures}\n`
  const note = notes.get(scenario.name)
  const written = note ? [note] : []
  if (!result)
    return [head, `Not measured yet: \`npm run bench -- ${scenario.name}\`.\n`, ...written].join('\n')
  const plot = `![${scenario.title}](performance/${scenario.name}.svg)\n`
  return [head, tableOf(scenario, result.rows), '', plot, aboutOf(result), ...written].join('\n')
}

function aboutOf({ command, date, rounds, revision, machine }) {
  const where = `${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, kernel ${machine.kernel}, Node ${machine.node}`
  const how = `\`${command}\` on ${date.slice(0, 10)}, revision ${revision}, ${rounds === 1 ? '1 round' : `${rounds} rounds`}`
  return `${how}. ${where}; load ${machine.loadAtStart} before the start.\n`
}

function goalsOf(results) {
  const find = finder(results)
  const lines = goals.map(({ what, goal, check }) => {
    const { reached, verdict } = verdictOf(check, find)
    return `| ${what} | ${goal} | ${reached} | ${verdict} |`
  })
  return ['## Goals', '', '| what | goal | reached | |', '|---|---|---|---|', ...lines, ''].join('\n')
}

function verdictOf(check, find) {
  try {
    const { reached, isReached } = check(find)
    return { reached, verdict: isReached ? 'yes' : '**no**' }
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    return { reached: error.message, verdict: '' }
  }
}

function finder(results) {
  return (scenario, name, title, figure) => {
    const row = results.get(scenario)?.rows.find((each) => each.case === name && each.title === title)
    if (!row) throw new NotMeasured('not measured yet')
    if (row.absent) throw new NotMeasured(`${title} is absent`)
    const value = row.medians[figure]
    if (typeof value !== 'number') throw new NotMeasured(`${title}: ${row.failure ?? 'no figure'}`)
    // Nothing is reached by rounds that went well beside one that lost a message.
    const [failed] = row.peer === 'tidings' ? failedRounds(row, figure) : []
    if (failed) throw new NotMeasured(`${title}: a round is no result, ${failed.failure}`)
    return value
  }
}
