import type { ByteString } from '@tidings/protocol'
import { textOf } from './byte-string.js'
import { ChunkedReader } from './chunked-reader.js'
import { explainRequestHead, explainResponseHead } from './explain-head.js'
import {
  endOfHead,
  fieldOf,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './head.js'
import { countMessages } from './message-count.js'
import { countOf, part, quote, unreadable } from './parts.js'
import type { Carried, WirePart } from './types.js'

/** A request or an answer: its head, and the body that came with it. */
export function explainMessage({ bytes, from }: Carried): WirePart[] {
  const end = endOfHead(bytes)
  if (end === -1) return [unreadable(bytes, 'the beginning of a head')]
  const text = bytes.slice(0, end)
  const emptyLine = text.endsWith('\r\n') ? '\r\n' : '\n'
  const parsed = from === 'client' ? parseRequestHead(text) : parseResponseHead(text)
  if (parsed === undefined) return [unreadable(bytes, 'not a head of HTTP/1')]
  const head =
    'method' in parsed ? explainRequestHead(parsed, emptyLine) : explainResponseHead(parsed, emptyLine)
  return [...head, ...explainBody(parsed, bytes.slice(end))]
}

function explainBody(head: RequestHead | ResponseHead, bytes: ByteString): WirePart[] {
  if (bytes === '') return []
  const coding = fieldOf(head, 'transfer-encoding')
  if (coding !== undefined && /\bchunked$/i.test(coding)) return explainChunks(head, bytes)
  return [body(head, bytes)]
}

function body(head: RequestHead | ResponseHead, bytes: ByteString): WirePart {
  const coding = fieldOf(head, 'content-encoding')
  const source = 'RFC 9110 §6.4'
  const length = countOf(bytes.length, 'byte')
  if (coding !== undefined) return part('body', bytes, `${length}, compressed by ${coding}`, source)
  const text = textOf(bytes)
  const isJson = (fieldOf(head, 'content-type') ?? '').toLowerCase().startsWith('application/json')
  const messages = isJson ? `${countOf(countMessages(text), 'message')} in ` : ''
  return part(
    'body',
    bytes,
    `${messages}${length}: ${quote(text)}`,
    isJson ? `${source}; Durable Streams §9.1` : source,
  )
}

function explainChunks(head: RequestHead | ResponseHead, bytes: ByteString): WirePart[] {
  const chunks = new ChunkedReader()
  const parts: WirePart[] = []
  let at = 0
  while (at < bytes.length && !chunks.isDone) {
    const span = chunks.next(bytes, at)
    const own = bytes.slice(at, span.end)
    if (span.name === 'payload') parts.push(body(head, own))
    else if (span.name === 'unreadable') parts.push(unreadable(own, 'not of the chunked coding'))
    else parts.push(chunkPart(span.name, own))
    at = span.end
  }
  if (at < bytes.length) parts.push(unreadable(bytes.slice(at), 'behind the last chunk'))
  return parts
}

const chunkMeanings = {
  'chunk end': 'the chunk ends',
  'last chunk': 'a chunk of no bytes: the body is over',
  trailer: 'an empty line, behind fields if there are any: the answer is over',
} as const

export function chunkPart(name: 'chunk size' | keyof typeof chunkMeanings, bytes: ByteString): WirePart {
  if (name !== 'chunk size') return part(name, bytes, chunkMeanings[name], 'RFC 9112 §7.1')
  const size = Number.parseInt(bytes, 16)
  const meaning = Number.isNaN(size)
    ? 'the length of the chunk that follows'
    : `a chunk of ${countOf(size, 'byte')} follows (${size.toString(16)} in hexadecimal)`
  return part(name, bytes, meaning, 'RFC 9112 §7.1')
}
