import type { Cost } from './costs.js'

export interface CostRow extends Cost {
  readonly name: string
  /** From the baker's saying to the customer's hearing. */
  readonly delayMs: number
}

interface Column {
  readonly title: string
  readonly cell: (row: CostRow) => string
}

const columns: readonly Column[] = [
  { title: 'requests', cell: ({ requests }) => String(requests) },
  { title: 'empty', cell: ({ emptyAnswers }) => String(emptyAnswers) },
  { title: 'connections', cell: ({ connections }) => String(connections) },
  { title: 'bytes up', cell: ({ bytesUp }) => String(bytesUp) },
  { title: 'bytes down', cell: ({ bytesDown }) => String(bytesDown) },
  { title: 'payload', cell: ({ payloadBytes }) => String(payloadBytes) },
  { title: 'share', cell: (row) => `${(shareOf(row) * 100).toFixed(1)} %` },
  { title: 'delay', cell: ({ delayMs }) => `${delayMs.toFixed(1)} ms` },
]

const gap = '  '

/** The rows under each other, figures to the right. */
export function costTable(rows: readonly CostRow[]): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const widths = columns.map(({ title, cell }) =>
    Math.max(title.length, ...rows.map((row) => cell(row).length)),
  )
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(nameWidth), ...cells.map((cell, index) => cell.padStart(widths[index] as number))].join(gap)
  const head = line(
    '',
    columns.map(({ title }) => title),
  )
  return [
    head,
    ...rows.map((row) =>
      line(
        row.name,
        columns.map(({ cell }) => cell(row)),
      ),
    ),
  ].join('\n')
}

/** What the figures say, in a sentence. */
export function reading(rows: readonly CostRow[]): string {
  const byBytes = [...rows].sort((a, b) => totalBytes(a) - totalBytes(b))
  const byDelay = [...rows].sort((a, b) => a.delayMs - b.delayMs)
  const [lightest, fastest] = [byBytes[0] as CostRow, byDelay[0] as CostRow]
  const [heaviest, slowest] = [byBytes.at(-1) as CostRow, byDelay.at(-1) as CostRow]
  const times = (totalBytes(heaviest) / totalBytes(lightest)).toFixed(1)
  return (
    `To bring ${lightest.payloadBytes} bytes of news and take two answers, ${heaviest.name} moved ${times} times the bytes of ` +
    `${lightest.name} (${totalBytes(heaviest)} to ${totalBytes(lightest)}); the news arrived ` +
    `${slowest.delayMs.toFixed(1)} ms late over ${slowest.name} and ${fastest.delayMs.toFixed(1)} ms late over ${fastest.name}.`
  )
}

function totalBytes({ bytesUp, bytesDown }: CostRow): number {
  return bytesUp + bytesDown
}

function shareOf(row: CostRow): number {
  return row.payloadBytes / totalBytes(row)
}
