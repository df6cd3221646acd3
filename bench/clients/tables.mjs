import { median } from '../harness/medians.mjs'
import { networks } from './network.mjs'

/** @returns what was measured, as tables in Markdown, each under a name: `size`, `first`, …, and what on */
export function tablesOf(results, peers) {
  const of = (what) => results.filter((result) => result.what === what)
  const tables = {
    size: sizeTable(of('size'), peers),
    first: firstTable(of('first'), peers),
    'first-in-chromium': firstTable(of('first-in-chromium'), peers),
    outage: troubleTable(of('outage'), peers),
    restart: troubleTable(of('restart'), peers),
    machine: machineOf(results),
  }
  const measured = ([name]) => of(name).length > 0 || (name === 'machine' && results.length > 0)
  return Object.fromEntries(Object.entries(tables).filter(measured))
}

function sizeTable(results, peers) {
  const rows = byPeer(results, peers).map(
    ([
      peer,
      {
        figures: { version, usual, everything },
      },
    ]) => [
      `${peer.title} ${version}`,
      imported(peer),
      kilobytes(usual.gzip),
      kilobytes(usual.min),
      kilobytes(everything.gzip),
    ],
  )
  const columns = ['client', 'import', 'min+gzip, kB', 'min, kB', 'everything, min+gzip, kB']
  const notes = peers.flatMap(({ title, note }) => (note ? [`${title}, ${note}.`] : []))
  return [table(columns, rows), ...notes].join('\n\n')
}

const imported = ({ usual }) => `\`${/\{.*\}/.exec(usual)[0]}\``

function firstTable(results, peers) {
  const rows = Object.entries(networks).flatMap(([name, { title }]) =>
    byPeer(
      results.filter((result) => result.case === name),
      peers,
    ).map(
      ([
        peer,
        {
          figures: { rounds },
        },
      ]) => [
        title,
        peer.title,
        summary(rounds, 'firstMs', median),
        summary(rounds, 'firstMs', ninetyFifth),
        summary(rounds, 'nextMs', median),
        `${rounds.length}`,
      ],
    ),
  )
  const columns = [
    'network',
    'client',
    'first message, ms, median',
    'p95',
    'next message, ms, median',
    'rounds',
  ]
  return table(columns, rows)
}

/** A figure over the rounds that have it; with how many have not. */
function summary(rounds, key, reduce) {
  const values = rounds.map((round) => round[key]).filter((value) => typeof value === 'number')
  if (values.length === 0)
    return rounds.some(({ firstMs }) => firstMs !== null) || key === 'firstMs' ? 'none in 30 s' : '–'
  const never = rounds.length - values.length
  return `${milliseconds(reduce(values))}${never > 0 ? ` (${never} times none in 30 s)` : ''}`
}

export function ninetyFifth(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1]
}

function troubleTable(results, peers) {
  const rows = byPeer(results, peers).map(
    ([
      peer,
      {
        figures: { rounds },
      },
    ]) => {
      const times = rounds.map(({ resumesAfterMs }) => resumesAfterMs).filter((value) => value !== null)
      const never = rounds.length - times.length
      return [
        peer.title,
        peer.server,
        spread(rounds, 'published'),
        spread(rounds, 'lost'),
        spread(rounds, 'repeated'),
        spread(rounds, 'disordered'),
        [...new Set(rounds.flatMap(({ told }) => told))].join('; ') || '–',
        times.length > 0 ? milliseconds(median(times)) : 'never',
        times.length > 0 ? `${milliseconds(Math.min(...times))} – ${milliseconds(Math.max(...times))}` : '',
        `${rounds.length}${never > 0 ? `, ${never} never` : ''}`,
      ]
    },
  )
  const columns = ['client', 'server', 'published', 'lost', 'repeated', 'out of order', 'the program is told']
  return table([...columns, 'flows again after, ms, median', 'from – to', 'clients'], rows)
}

function spread(rounds, key) {
  const values = rounds.map((round) => round[key])
  const [smallest, largest] = [Math.min(...values), Math.max(...values)]
  return smallest === largest ? `${smallest}` : `${smallest} – ${largest}`
}

function machineOf(results) {
  if (results.length === 0) return ''
  const newest = results.reduce((one, other) => (one.date > other.date ? one : other))
  const { machine, revision } = newest
  const dates = [...new Set(results.map(({ date }) => date.slice(0, 10)))].join(', ')
  const { processor, cores, memoryGb, system, kernel, node } = machine
  return `${processor}, ${cores} cores, ${memoryGb} GB, ${system}, Linux ${kernel}, Node ${node}; ${dates}, commit ${revision}.`
}

function byPeer(results, peers) {
  return peers.flatMap((peer) => {
    const found = results.find(({ client }) => client === peer.name)
    return found ? [[peer, found]] : []
  })
}

const kilobytes = (bytes) => (bytes / 1000).toFixed(1)
const milliseconds = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-GB'))

function table(columns, rows) {
  const lines = [columns, ...rows]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const written = lines.map((line) => `| ${line.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`)
  return [
    written[0],
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...written.slice(1),
  ].join('\n')
}
