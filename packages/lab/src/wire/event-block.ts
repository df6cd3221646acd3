import type { ByteString } from '@tidings/protocol'
import { textOf } from './byte-string.js'

/** What stands between two empty lines of an event stream. */
export interface EventBlock {
  /** `message` when the block names none. */
  readonly type: string
  /** The lines of data, joined by LF; undefined when it has none: then it is no event. */
  readonly data: string | undefined
  readonly id: string | undefined
  readonly retryMs: number | undefined
  readonly hasFields: boolean
  readonly comments: number
}

export interface StreamLine {
  /** With its end. */
  readonly bytes: ByteString
  /** Undefined for an empty line and for a comment. */
  readonly field: string | undefined
  readonly value: string
  readonly is: 'field' | 'comment' | 'end'
}

const byteOrderMark = '\xef\xbb\xbf'

/** @see HTML standard §9.2.6 */
export function parseBlock(payload: ByteString): EventBlock {
  let type = ''
  let data: string[] | undefined
  let id: string | undefined
  let retryMs: number | undefined
  let comments = 0
  let hasFields = false
  for (const { is, field, value } of linesOfBlock(payload)) {
    if (is === 'comment') comments += 1
    if (is !== 'field') continue
    hasFields = true
    if (field === 'data') data = [...(data ?? []), value]
    else if (field === 'event') type = value
    else if (field === 'id' && !value.includes('\0')) id = value
    else if (field === 'retry' && /^[0-9]+$/.test(value)) retryMs = Number(value)
  }
  return { type: type || 'message', data: data?.join('\n'), id, retryMs, hasFields, comments }
}

export function linesOfBlock(payload: ByteString): StreamLine[] {
  const lines = payload.match(/[^\r\n]*(?:\r\n?|\n)|[^\r\n]+$/g) ?? []
  return lines.map((bytes, index) => parseLine(bytes, index === 0))
}

function parseLine(bytes: ByteString, isFirst: boolean): StreamLine {
  let line = bytes.replace(/[\r\n]+$/, '')
  if (isFirst && line.startsWith(byteOrderMark)) line = line.slice(byteOrderMark.length)
  if (line === '') return { bytes, field: undefined, value: '', is: 'end' }
  const colon = line.indexOf(':')
  if (colon === 0) return { bytes, field: undefined, value: textOf(line.slice(1).trim()), is: 'comment' }
  if (colon === -1) return { bytes, field: textOf(line), value: '', is: 'field' }
  const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
  return { bytes, field: textOf(line.slice(0, colon)), value: textOf(value), is: 'field' }
}
