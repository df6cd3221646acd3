import type { ByteString } from '@tidings/protocol'

/** @see RFC 9112 §5 */
export interface FieldLine {
  /** Lower case. */
  readonly name: string
  readonly value: string
  /** With the line's end. */
  readonly bytes: ByteString
}

export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly startLine: ByteString
  readonly fields: readonly FieldLine[]
}

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly startLine: ByteString
  readonly fields: readonly FieldLine[]
}

/** Longest head that is read, bytes; beyond it there is none. */
export const longestHeadBytes = 65_536

/** @returns undefined for what is no request head. @see RFC 9112 §3 */
export function parseRequestHead(head: ByteString): RequestHead | undefined {
  const [startLine = '', ...lines] = linesOf(head)
  const match = /^([!#$%&'*+.^_`|~\w-]+) (\S+) (HTTP\/\d\.\d)\r?\n$/.exec(startLine)
  if (match === null) return undefined
  const [, method = '', target = '', version = ''] = match
  return { method, target, version, startLine, fields: parseFields(lines) }
}

/** @returns undefined for what is no response head. @see RFC 9112 §4 */
export function parseResponseHead(head: ByteString): ResponseHead | undefined {
  const [startLine = '', ...lines] = linesOf(head)
  const match = /^(HTTP\/\d\.\d) (\d{3})(?: ([^\r\n]*))?\r?\n$/.exec(startLine)
  if (match === null) return undefined
  const [, version = '', status = '', reason = ''] = match
  return { status: Number(status), reason, version, startLine, fields: parseFields(lines) }
}

/** The first field of that name (lower case), or undefined. */
export function fieldOf(head: { readonly fields: readonly FieldLine[] }, name: string): string | undefined {
  return head.fields.find((field) => field.name === name)?.value
}

/** Where the head ends in `text`, behind its empty line; -1 while it has none. */
export function endOfHead(text: ByteString, from = 0): number {
  const ending = /\n\r?\n/g
  ending.lastIndex = from
  const match = ending.exec(text)
  return match === null ? -1 : ending.lastIndex
}

function parseFields(lines: readonly ByteString[]): FieldLine[] {
  return lines.filter((line) => line !== '\r\n' && line !== '\n').map(parseFieldLine)
}

function parseFieldLine(bytes: ByteString): FieldLine {
  const colon = bytes.indexOf(':')
  if (colon <= 0) return { name: '', value: bytes.trim(), bytes }
  return { name: bytes.slice(0, colon).toLowerCase(), value: bytes.slice(colon + 1).trim(), bytes }
}

function linesOf(head: ByteString): ByteString[] {
  return head.match(/[^\n]*\n|[^\n]+$/g) ?? []
}
