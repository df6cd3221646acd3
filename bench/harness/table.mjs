import { failedRounds } from './medians.mjs'

/**
 * A table in Markdown, which is also readable on a terminal.
 *
 * @param scenario  its `figures` are the columns
 * @param rows      from `withMedians`
 */
export function tableOf(scenario, rows) {
  const columns = ['case', 'server', ...scenario.figures.map(headOf), 'ours is … times better', 'spread']
  const cells = rows.map((row) => [row.case, row.title, ...cellsOf(row, scenario)])
  return [align([columns, ...cells]), ...remarks(rows, scenario)].join('\n')
}

function remarks(rows, scenario) {
  return rows.flatMap((row) => {
    const remark = remarkOf(row, scenario)
    return remark ? [`\n${row.case}, ${row.title}: ${remark}.`] : []
  })
}

/** Why a row has no figures, or has them of some of its rounds only. */
function remarkOf(row, { figures: [{ key }] }) {
  const { absent, medians, failure, rounds } = row
  if (absent) return `absent, ${absent}`
  const failed = failedRounds(row, key)
  if (failed.length > 0 && failed.length < rounds.length)
    return `${failed.length} of ${rounds.length} rounds no result, ${failed[0].failure}`
  return failure && !Object.values(medians)[0] ? failure : undefined
}

function headOf({ title, unit }) {
  return unit ? `${title}, ${unit}` : title
}

function cellsOf(row, { figures }) {
  if (row.absent) return ['absent', ...figures.slice(1).map(() => ''), '', '']
  const values = figures.map(({ key }) => format(row.medians[key]))
  return [...values, row.ratio === undefined ? '' : format(row.ratio), spreadOf(row)]
}

function spreadOf({ rounds, smallest, largest }) {
  return rounds.length > 1 && Number.isFinite(smallest) ? `${format(smallest)} – ${format(largest)}` : ''
}

/** Three digits that count, thousands apart. */
export function format(value) {
  if (value === undefined || value === null || !Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(3))
  if (Math.abs(rounded) >= 1_000_000) return `${Number((rounded / 1e6).toPrecision(3))} M`
  return rounded.toLocaleString('en-GB', { maximumFractionDigits: 4 })
}

function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const written = lines.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`,
  )
  return [
    written[0],
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...written.slice(1),
  ].join('\n')
}
