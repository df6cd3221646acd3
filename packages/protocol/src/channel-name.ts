import { reservedSegment } from './header.js'
import { Problem } from './problem.js'

/**
 * A channel's name: path segments, each of at least one character, no `.` or `..`, no control characters.
 *
 * @param maxBytes of the name in UTF-8
 * @throws Problem `channel-name-invalid`; `not-implemented` for the reserved first segment `__ds`
 * @see Durable Streams §6 (reserved names), §12.2 (path traversal)
 */
export function checkChannelName(name: string, maxBytes: number): void {
  const fault = channelNameFault(name, maxBytes)
  if (fault === undefined) return
  throw new Problem(isReserved(name.split('/')) ? 'not-implemented' : 'channel-name-invalid', fault)
}

/**
 * For who checks a name and has no use for the table of problems.
 *
 * @param maxBytes of the name in UTF-8
 * @returns what `name` is not a channel's name for, a sentence; undefined when it is one
 */
export function channelNameFault(name: string, maxBytes: number): string | undefined {
  const segments = name.split('/')
  if (isReserved(segments)) {
    return `Names under ${reservedSegment}/ belong to the Durable Streams control APIs, which this server does not have.`
  }
  const why = whyNone(name, segments, maxBytes)
  return why && `A channel's name ${why}.`
}

function whyNone(name: string, segments: readonly string[], maxBytes: number): string | undefined {
  if (name === '') return 'can not be empty'
  if (utf8Length(name) > maxBytes) return `has at most ${maxBytes} bytes in UTF-8`
  // A lone surrogate has no UTF-8 form: two such names would become one on disk.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name) || !isWellFormed(name)) return 'has no control characters'
  if (segments.includes('')) return 'has no empty segments: no slash first, last or twice'
  if (segments.includes('.') || segments.includes('..')) return 'has no segments . or ..'
  return undefined
}

function isReserved(segments: readonly string[]): boolean {
  return segments[0] === reservedSegment
}

/** A name as it stands in a URL's path: each segment percent-encoded, the slashes kept. */
export function encodeChannelName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) as number
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}
