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
  const segments = name.split('/')
  if (segments[0] === reservedSegment) {
    throw new Problem(
      'not-implemented',
      `Names under ${reservedSegment}/ belong to the Durable Streams control APIs, which this server does not have.`,
    )
  }
  const refuse = (why: string) => {
    throw new Problem('channel-name-invalid', `A channel's name ${why}.`)
  }
  if (name === '') refuse('can not be empty')
  if (utf8Length(name) > maxBytes) refuse(`has at most ${maxBytes} bytes in UTF-8`)
  // A lone surrogate has no UTF-8 form: two such names would become one on disk.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name) || !isWellFormed(name)) refuse('has no control characters')
  if (segments.some((segment) => segment === ''))
    refuse('has no empty segments: no slash first, last or twice')
  if (segments.some((segment) => segment === '.' || segment === '..')) refuse('has no segments . or ..')
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
