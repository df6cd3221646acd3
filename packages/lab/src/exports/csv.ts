export type CsvCell = string | number | undefined

/**
 * Lines end in CR LF, the first one names the columns; a missing value is an empty cell.
 *
 * @see RFC 4180 §2
 */
export function formatCsv(columns: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [columns, ...rows].map((cells) => `${cells.map(formatCell).join(',')}\r\n`).join('')
}

function formatCell(cell: CsvCell): string {
  if (cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  const text = isFormula(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A spreadsheet would run it. An apostrophe in front makes it text; numbers are never text, so that a negative one
 * stays a number.
 *
 * @see OWASP, CSV Injection
 */
function isFormula(text: string): boolean {
  return /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(text)
}
