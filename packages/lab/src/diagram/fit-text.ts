import type { TextRun } from './shapes.js'

/**
 * How wide a character is on average in a wide font (DejaVu Sans), of its size. The layout knows no font: in a
 * narrower one texts are cut a little early.
 */
const characterWidth = 0.62

export function estimatedWidthPx(runs: readonly TextRun[], fontPx: number): number {
  return runs.reduce((length, run) => length + run.text.length, 0) * fontPx * characterWidth
}

/** Below so many characters a cut text says nothing. */
const leastCharacters = 3

/**
 * The first variant that fits, or else the last one, cut with an ellipsis.
 *
 * @returns undefined when not even that has room
 */
export function fitText(
  variants: readonly (readonly TextRun[])[],
  widthPx: number,
  fontPx: number,
): readonly TextRun[] | undefined {
  const whole = variants.find((runs) => estimatedWidthPx(runs, fontPx) <= widthPx)
  if (whole !== undefined) return whole
  const room = Math.floor(widthPx / (fontPx * characterWidth))
  return room < leastCharacters ? undefined : cut(variants.at(-1) ?? [], room)
}

function cut(runs: readonly TextRun[], characters: number): readonly TextRun[] {
  const kept: TextRun[] = []
  let left = characters - 1
  for (const run of runs) {
    if (run.text.length > left) {
      kept.push({ ...run, text: `${run.text.slice(0, Math.max(0, left)).trimEnd()}…` })
      break
    }
    kept.push(run)
    left -= run.text.length
  }
  return kept
}
