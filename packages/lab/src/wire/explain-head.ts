import { laneParameter } from '@tidings/protocol'
import { browserFieldMeanings } from './browser-field-meanings.js'
import { textOf } from './byte-string.js'
import type { FieldMeaning, FieldMeanings } from './field-meaning.js'
import type { FieldLine, RequestHead, ResponseHead } from './head.js'
import { httpFieldMeanings } from './http-field-meanings.js'
import { part } from './parts.js'
import { statusMeaning } from './status-meanings.js'
import { streamFieldMeanings } from './stream-field-meanings.js'
import type { WirePart } from './types.js'

const meanings: FieldMeanings = { ...httpFieldMeanings, ...browserFieldMeanings, ...streamFieldMeanings }

/** @param end the empty line, as it was sent */
export function explainRequestHead(head: RequestHead, end: string): WirePart[] {
  const { startLine, method, target, version } = head
  const sentence = `${methodMeaning(method)} ${target}, in ${version}${targetMeaning(target)}`
  return [
    part('request line', startLine, sentence, 'RFC 9112 §3'),
    ...head.fields.map(explainField),
    endOfHead(end),
  ]
}

export function explainResponseHead(head: ResponseHead, end: string): WirePart[] {
  const { meaning, source } = statusMeaning(head.status)
  return [
    part('status line', head.startLine, `${head.status}: ${meaning}`, `RFC 9112 §4; ${source}`),
    ...head.fields.map(explainField),
    endOfHead(end),
  ]
}

export function explainField({ name, value, bytes }: FieldLine): WirePart {
  const known: FieldMeaning | undefined = Object.hasOwn(meanings, name) ? meanings[name] : undefined
  const text = textOf(value)
  if (name === '') return part('unreadable', bytes, 'a line that is no header', 'RFC 9112 §5')
  if (known === undefined) return part('header', bytes, `${name} is ${text}`, 'RFC 9110 §5')
  return part('header', bytes, known.say(text), known.source)
}

function endOfHead(bytes: string): WirePart {
  return part(
    'end of the head',
    bytes,
    'an empty line: what follows is the body, if there is one',
    'RFC 9112 §2.1',
  )
}

const methods: Readonly<Record<string, string>> = {
  GET: 'reads',
  HEAD: 'asks for the head of',
  POST: 'sends a body to',
  PUT: 'makes',
  DELETE: 'removes',
  OPTIONS: 'asks what is allowed with',
}

function methodMeaning(method: string): string {
  return `${method} ${methods[method] ?? ''}`.trim()
}

const liveMeanings: Readonly<Record<string, string>> = {
  'long-poll': 'held until there is something (Durable Streams §5.7)',
  sse: 'an event stream that stays open (Durable Streams §5.8)',
  websocket: 'over a WebSocket',
}

function targetMeaning(target: string): string {
  const query = new URLSearchParams(target.split('?', 2)[1] ?? '')
  const said: string[] = []
  const offset = query.get('offset')
  const live = query.get('live')
  if (offset !== null) said.push(`from offset ${offset}`)
  if (live !== null) said.push(liveMeanings[live] ?? `live=${live}`)
  if (query.has('timeout')) said.push(`for ${query.get('timeout')} s at most`)
  if (query.get('events') === 'message') said.push('an event per message')
  if (query.has(laneParameter)) said.push("the Lab's own tag tells whose request it is")
  return said.length === 0 ? '' : `: ${said.join('; ')}`
}
