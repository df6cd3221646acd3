import { afterName, endOfString, endOfValue, skipWhiteSpace } from './json-scan.js'

const comma = 0x2c
const bracketOpen = 0x5b
const bracketClose = 0x5d
const braceOpen = 0x7b
const braceClose = 0x7d
const backslash = 0x5c

/** Longest text in escapes that is looked at, bytes; longer ones are nobody's. */
const maxEscapedBytes = 256

/**
 * The one value of a JSON text as a view of the bytes that were sent, without the white space around it, so
 * that nothing is written anew: `9007199254740993` and `1.0` stay what they are.
 *
 * @param text valid UTF-8
 * @returns undefined when the text is not valid JSON, or is nested deeper than `maxJsonDepth`
 */
export function jsonValue(text: Uint8Array): Uint8Array | undefined {
  const start = skipWhiteSpace(text, 0)
  const end = endOfValue(text, start)
  if (end === -1 || skipWhiteSpace(text, end) !== text.byteLength) return undefined
  return text.subarray(start, end)
}

export function isJsonArray(text: Uint8Array): boolean {
  return text[skipWhiteSpace(text, 0)] === bracketOpen
}

/**
 * The elements of a JSON array, as views of the bytes that were sent.
 *
 * @param text  valid UTF-8; an array, with or without white space around it
 * @param most  elements that the caller takes: with one more the rest is not looked at
 * @returns undefined when the text is not a valid JSON array, or is nested deeper than `maxJsonDepth`
 */
export function jsonElements(text: Uint8Array, most: number): Uint8Array[] | undefined {
  const elements: Uint8Array[] = []
  const end = eachItem(text, bracketOpen, bracketClose, (at) => {
    const start = skipWhiteSpace(text, at)
    const itemEnd = endOfValue(text, start)
    if (itemEnd !== -1) elements.push(text.subarray(start, itemEnd))
    return elements.length > most ? 'enough' : itemEnd
  })
  return end === 'enough' || isWhole(text, end) ? elements : undefined
}

/** Strings that a caller knows, as names of members: found by their bytes, however they are written. */
export class KnownTexts<Known extends string> {
  readonly #known: readonly { readonly word: Known; readonly bytes: Uint8Array }[]

  constructor(words: readonly Known[]) {
    this.#known = words.map((word) => ({ word, bytes: Buffer.from(JSON.stringify(word)) }))
  }

  /** @param end of a valid JSON value, as a rule a string, that begins at `start` */
  find(text: Uint8Array, start: number, end: number): Known | undefined {
    for (const { word, bytes } of this.#known) if (isSameText(bytes, text, start, end)) return word
    if (end - start > maxEscapedBytes || !text.subarray(start, end).includes(backslash)) return undefined
    const written: unknown = JSON.parse(Buffer.from(text.subarray(start, end)).toString('utf8'))
    return this.#known.find(({ word }) => word === written)?.word
  }
}

/**
 * Goes through the members of a JSON object. A name may stand twice: the last one counts, as `JSON.parse` takes it.
 *
 * @param text   valid UTF-8
 * @param names  the names that the caller knows; others are checked and passed over
 * @param take   is told where the value of each begins and ends in `text`; what follows may still be invalid
 * @returns whether the text is a valid JSON object, and not nested deeper than `maxJsonDepth`
 */
export function jsonMembers<Name extends string>(
  text: Uint8Array,
  names: KnownTexts<Name>,
  take: (name: Name, start: number, end: number) => void,
): boolean {
  const end = eachItem(text, braceOpen, braceClose, (at) => {
    const nameStart = skipWhiteSpace(text, at)
    const valueStart = afterName(text, nameStart)
    if (valueStart === -1) return -1
    const start = skipWhiteSpace(text, valueStart)
    const itemEnd = endOfValue(text, start)
    if (itemEnd === -1) return -1
    const name = names.find(text, nameStart, endOfString(text, nameStart))
    if (name !== undefined) take(name, start, itemEnd)
    return itemEnd
  })
  return end !== 'enough' && isWhole(text, end)
}

/** Whether the bytes of `text` from `start` to `end` are these. */
export function isSameText(bytes: Uint8Array, text: Uint8Array, start: number, end: number): boolean {
  if (bytes.byteLength !== end - start) return false
  for (let index = 0; index < bytes.byteLength; index++) {
    if (bytes[index] !== text[start + index]) return false
  }
  return true
}

/**
 * @param take  where an item ends that begins at its argument, -1 when it is invalid, or `enough`
 * @returns where the array or object ends, -1 when it is invalid, or `enough`
 */
function eachItem(
  text: Uint8Array,
  opener: number,
  closer: number,
  take: (at: number) => number | 'enough',
): number | 'enough' {
  let at = skipWhiteSpace(text, 0)
  if (text[at] !== opener) return -1
  const first = skipWhiteSpace(text, at + 1)
  if (text[first] === closer) return first + 1
  at = first
  for (;;) {
    const itemEnd = take(at)
    if (itemEnd === 'enough' || itemEnd === -1) return itemEnd
    at = skipWhiteSpace(text, itemEnd)
    if (text[at] === closer) return at + 1
    if (text[at] !== comma) return -1
    at++
  }
}

function isWhole(text: Uint8Array, end: number): boolean {
  return end !== -1 && skipWhiteSpace(text, end) === text.byteLength
}
