/**
 * Cuts JSON texts at their top level without parsing what lies deeper, so that a message can be passed on
 * byte for byte: `JSON.parse` and `stringify` would make 9007199254740993 into 9007199254740992.
 *
 * One pass, linear in the text. Only the outer structure is checked; a broken value is found by who parses it.
 *
 * @see RFC 8259
 */

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * @param text a JSON array
 * @returns the texts of its elements, without white space around them
 * @throws SyntaxError when `text` is no array
 */
export function splitJsonArray(text: string): string[] {
  const elements: string[] = []
  let at = expect(text, skipSpace(text, 0), openBracket)
  at = skipSpace(text, at)
  if (text.charCodeAt(at) === closeBracket) return endingAt(text, at + 1, elements)
  for (;;) {
    const end = endOfValue(text, at)
    elements.push(text.slice(at, end))
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === closeBracket) return endingAt(text, at + 1, elements)
    at = skipSpace(text, expect(text, at, comma))
  }
}

/**
 * @param text a JSON object
 * @returns the texts of its members' values by name; of members with the same name the last, as `JSON.parse`
 * @throws SyntaxError when `text` is no object
 */
export function splitJsonObject(text: string): Map<string, string> {
  const members = new Map<string, string>()
  let at = expect(text, skipSpace(text, 0), openBrace)
  at = skipSpace(text, at)
  if (text.charCodeAt(at) === closeBrace) return endingAt(text, at + 1, members)
  for (;;) {
    if (text.charCodeAt(at) !== quote) throw unexpected(text, at)
    const nameEnd = endOfString(text, at)
    const name = JSON.parse(text.slice(at, nameEnd)) as string
    at = skipSpace(text, expect(text, skipSpace(text, nameEnd), colon))
    const end = endOfValue(text, at)
    members.set(name, text.slice(at, end))
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === closeBrace) return endingAt(text, at + 1, members)
    at = skipSpace(text, expect(text, at, comma))
  }
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === quote) return endOfString(text, start)
  if (first === openBrace || first === openBracket) return endOfNested(text, start)
  let at = start
  while (at < text.length && !endsLiteral(text.charCodeAt(at))) at += 1
  if (at === start) throw unexpected(text, start)
  return at
}

function endOfNested(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfString(text, at)
      continue
    }
    at += 1
    if (code === openBrace || code === openBracket) depth += 1
    else if (code === closeBrace || code === closeBracket) {
      depth -= 1
      if (depth === 0) return at
    }
  }
  throw unexpected(text, at)
}

/** A quote ends the string unless an odd number of backslashes stands before it. */
function endOfString(text: string, start: number): number {
  let at = start
  for (;;) {
    at = text.indexOf('"', at + 1)
    if (at === -1) throw unexpected(text, text.length)
    let before = at - 1
    while (before > start && text.charCodeAt(before) === backslash) before -= 1
    if ((at - before) % 2 === 1) return at + 1
  }
}

function endsLiteral(code: number): boolean {
  return code === comma || code === closeBracket || code === closeBrace || code === colon || isSpace(code)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (isSpace(text.charCodeAt(at))) at += 1
  return at
}

function expect(text: string, at: number, code: number): number {
  if (text.charCodeAt(at) !== code) throw unexpected(text, at)
  return at + 1
}

function endingAt<T>(text: string, at: number, whole: T): T {
  const end = skipSpace(text, at)
  if (end < text.length) throw unexpected(text, end)
  return whole
}

function unexpected(text: string, at: number): SyntaxError {
  return new SyntaxError(at < text.length ? `Unexpected character at ${at}` : 'Unexpected end')
}
