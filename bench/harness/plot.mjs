import { format } from './table.mjs'

const width = 860
const labelWidth = 330
const valueWidth = 90
const barHeight = 18
const rowHeight = 24
const headHeight = 34
const ours = '#d1495b'
const theirs = '#8d99ae'

/**
 * Bars of a scenario's main figure, case by case, on a logarithmic scale, since the differences are of orders of
 * magnitude.
 *
 * @returns an SVG document
 */
export function plotOf({ title, figures: [main] }, rows) {
  const drawn = rows.filter((row) => row.medians?.[main.key] > 0)
  const scale = scaleOf(drawn.map((row) => row.medians[main.key]))
  const cases = [...new Set(drawn.map((row) => row.case))]
  let y = headHeight
  const parts = cases.flatMap((name) => {
    const head = text(0, y + 22, name, 'font-weight="bold"')
    y += headHeight
    const bars = drawn
      .filter((row) => row.case === name)
      .map((row) => {
        const bar = drawBar(row, row.medians[main.key], scale, y)
        y += rowHeight
        return bar
      })
    return [head, ...bars]
  })
  const unit = [main.title, main.unit].filter(Boolean).join(', ')
  const heading = `${title}: ${unit} (logarithmic${main.isLowerBetter ? '; less is better' : ''})`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 10}" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(heading)}</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    text(0, 20, heading, 'font-size="15"'),
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawBar(row, value, scale, y) {
  const length = scale(value)
  const colour = row.peer === 'tidings' ? ours : theirs
  return [
    text(labelWidth - 8, y + 14, row.title, 'text-anchor="end"'),
    `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
    text(labelWidth + length + 6, y + 14, format(value), ''),
  ].join('\n')
}

/** From a third of the smallest, so that it has a bar too, to the largest. */
function scaleOf(values) {
  const low = Math.log(Math.min(...values) / 3)
  const high = Math.log(Math.max(...values))
  const room = width - labelWidth - valueWidth
  return (value) => (room * (Math.log(value) - low)) / (high - low)
}

function text(x, y, words, attributes) {
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped(words)}</text>`
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
