const lineBreak = /[\r\n]/
const carriageReturn = 0x0d
const lineFeed = 0x0a
const space = 0x20
/** `data:`, a second blank, and the line's end: what a line has beside its text at most, bytes. */
const besideBytes = 7

/**
 * Every line of the text behind its own `data:`. A line break of any kind becomes the standard's one kind; a
 * first space is doubled, since parsers take one off.
 */
export function dataLines(text: string): string {
  if (!lineBreak.test(text)) return `data:${text.startsWith(' ') ? ' ' : ''}${text}\n`
  return linesOf(Buffer.from(text))
}

/** Byte by byte: a message may be millions of empty lines, of which strings would take seconds and a gigabyte. */
function linesOf(text: Buffer): string {
  const lines = Buffer.allocUnsafe(text.byteLength + (breaksIn(text) + 1) * besideBytes)
  let at = beginLine(lines, 0, text[0])
  for (let index = 0; index < text.byteLength; index++) {
    const byte = text[index] as number
    if (byte !== carriageReturn && byte !== lineFeed) {
      lines[at++] = byte
      continue
    }
    if (byte === carriageReturn && text[index + 1] === lineFeed) index++
    lines[at++] = lineFeed
    at = beginLine(lines, at, text[index + 1])
  }
  lines[at++] = lineFeed
  return lines.toString('utf8', 0, at)
}

function breaksIn(text: Buffer): number {
  let breaks = 0
  for (let index = 0; index < text.byteLength; index++) {
    const byte = text[index]
    if (byte === carriageReturn || byte === lineFeed) breaks++
  }
  return breaks
}

function beginLine(lines: Buffer, at: number, first: number | undefined): number {
  lines[at] = 0x64
  lines[at + 1] = 0x61
  lines[at + 2] = 0x74
  lines[at + 3] = 0x61
  lines[at + 4] = 0x3a
  if (first !== space) return at + 5
  lines[at + 5] = space
  return at + 6
}
