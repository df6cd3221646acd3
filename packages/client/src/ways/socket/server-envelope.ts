import { answerMalformed } from '../../problem-error.js'
import { splitJsonObject } from '../json-split.js'

/** A `data` envelope whose messages are still text: they are parsed by who needs values, if anyone does. */
export interface RawData {
  readonly type: 'data'
  readonly channel: string
  /** A JSON array. */
  readonly messages: string
  readonly isBase64: boolean
  readonly nextOffset: string
  readonly committedAtMs: number | undefined
  readonly upToDate: boolean
}

/** Any other envelope, of a type that may be newer than this client. */
export interface OtherEnvelope {
  readonly type: string
  readonly channel: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * @param text a frame from the server
 * @throws ProblemError `answer-malformed`
 */
export function parseServerEnvelope(text: string): RawData | OtherEnvelope {
  try {
    const members = splitJsonObject(text)
    return members.get('type') === '"data"' ? dataEnvelope(members) : otherEnvelope(text)
  } catch (error) {
    throw answerMalformed('A frame is no envelope of tidings.v1.', error)
  }
}

export function isData(envelope: RawData | OtherEnvelope): envelope is RawData {
  return envelope.type === 'data' && 'messages' in envelope
}

function dataEnvelope(members: Map<string, string>): RawData {
  const committedAt = optional(members, 'committedAt')
  return {
    type: 'data',
    channel: text(members, 'channel'),
    messages: members.get('messages') ?? '[]',
    isBase64: optional(members, 'encoding') === 'base64',
    nextOffset: text(members, 'nextOffset'),
    committedAtMs: typeof committedAt === 'number' ? committedAt : undefined,
    upToDate: optional(members, 'upToDate') === true,
  }
}

function otherEnvelope(text: string): OtherEnvelope {
  const fields = JSON.parse(text) as Record<string, unknown>
  const { type, channel } = fields
  if (typeof type !== 'string') throw new SyntaxError('no type')
  return { type, channel: typeof channel === 'string' ? channel : undefined, fields }
}

function text(members: Map<string, string>, name: string): string {
  const value = optional(members, name)
  if (typeof value !== 'string') throw new SyntaxError(`no ${name}`)
  return value
}

function optional(members: Map<string, string>, name: string): unknown {
  const value = members.get(name)
  return value === undefined ? undefined : JSON.parse(value)
}
