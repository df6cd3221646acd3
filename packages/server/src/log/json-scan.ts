/**
 * Checks JSON text, as bytes of valid UTF-8, without building what it says. `JSON.parse` makes fifty bytes of
 * heap out of one byte of `[[[[…`, and takes seconds for the largest body; this takes no memory and one pass.
 *
 * @see RFC 8259
 */
const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const dot = 0x2e
const zero = 0x30
const colon = 0x3a
const bracketOpen = 0x5b
const backslash = 0x5c
const bracketClose = 0x5d
const braceOpen = 0x7b
const braceClose = 0x7d

/** Arrays and objects within each other. Past this, readers in other languages would fail on the message. */
export const maxJsonDepth = 1_000

/** What closes each array or object that is open. Scans are not interleaved, so they share it. */
const closers = new Uint8Array(maxJsonDepth)

const invalid = -1

/**
 * @param start where a value begins, or white space before it
 * @returns where it ends; -1 when no valid value stands there, or one that is nested too deep
 */
export function endOfValue(text: Uint8Array, start: number): number {
  let at = start
  let depth = 0
  for (;;) {
    at = skipWhiteSpace(text, at)
    const byte = text[at]
    if (byte === bracketOpen || byte === braceOpen) {
      const closer = byte === bracketOpen ? bracketClose : braceClose
      const first = skipWhiteSpace(text, at + 1)
      if (depth === maxJsonDepth) return invalid
      if (text[first] !== closer) {
        closers[depth++] = closer
        at = closer === braceClose ? afterName(text, first) : first
        if (at === invalid) return invalid
        continue
      }
      at = first + 1
    } else {
      at = endOfScalar(text, at)
      if (at === invalid) return invalid
    }
    // A value has ended: so may those that it stands in.
    while (depth > 0) {
      at = skipWhiteSpace(text, at)
      const closer = closers[depth - 1]
      if (text[at] === closer) {
        depth--
        at++
        continue
      }
      if (text[at] !== comma) return invalid
      at = closer === braceClose ? afterName(text, skipWhiteSpace(text, at + 1)) : at + 1
      if (at === invalid) return invalid
      break
    }
    if (depth === 0) return at
  }
}

/** @returns where the value of a member begins whose name stands at `at`, or -1 */
export function afterName(text: Uint8Array, at: number): number {
  if (text[at] !== quote) return invalid
  const nameEnd = endOfString(text, at)
  if (nameEnd === invalid) return invalid
  const separator = skipWhiteSpace(text, nameEnd)
  return text[separator] === colon ? separator + 1 : invalid
}

/** @returns where the string ends whose first quote stands at `start`, or -1 */
export function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1
  for (;;) {
    const byte = text[at]
    if (byte === quote) return at + 1
    // The end of the text, or a control character.
    if (byte === undefined || byte < 0x20) return invalid
    if (byte !== backslash) {
      at++
      continue
    }
    const escaped = text[at + 1]
    if (escaped === 0x75) {
      for (let digit = 2; digit < 6; digit++) if (!isHex(text[at + digit])) return invalid
      at += 6
    } else if (escaped !== undefined && simpleEscapes.has(escaped)) at += 2
    else return invalid
  }
}

/** The JSON standard's white space, no other. @see RFC 8259 §2 */
export function skipWhiteSpace(text: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const byte = text[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

const simpleEscapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))
const literals = ['true', 'false', 'null'].map((word) => Buffer.from(word))

function endOfScalar(text: Uint8Array, at: number): number {
  const byte = text[at]
  if (byte === quote) return endOfString(text, at)
  if (byte === minus || isDigit(byte)) return endOfNumber(text, at)
  const literal = literals.find((word) => word.every((letter, index) => text[at + index] === letter))
  return literal ? at + literal.byteLength : invalid
}

function endOfNumber(text: Uint8Array, start: number): number {
  let at = text[start] === minus ? start + 1 : start
  if (text[at] === zero) at++
  else at = afterDigits(text, at)
  if (at !== invalid && text[at] === dot) at = afterDigits(text, at + 1)
  if (at !== invalid && (text[at] === 0x65 || text[at] === 0x45)) {
    const sign = text[at + 1]
    at = afterDigits(text, sign === 0x2b || sign === minus ? at + 2 : at + 1)
  }
  return at
}

/** @returns -1 when there is not a single digit */
function afterDigits(text: Uint8Array, start: number): number {
  let at = start
  while (isDigit(text[at])) at++
  return at === start ? invalid : at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}
