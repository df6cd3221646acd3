import type { ByteString } from '@tidings/protocol'
import { linesOfBlock, type StreamLine } from './event-block.js'
import { chunkPart } from './explain-message.js'
import { countMessages } from './message-count.js'
import { countOf, part, quote } from './parts.js'
import type { Carried, ChunkMark, WirePart } from './types.js'

const interpreting = 'HTML, Server-sent events §9.2.6'

/** A block of an event stream, woven into the chunks that it came in. */
export function explainBlock({ bytes, chunkMarks = [] }: Carried): WirePart[] {
  const parts: WirePart[] = []
  let at = 0
  let payloadAt = 0
  const lines = linesOfBlock(withoutMarks(bytes, chunkMarks)).map((line, index, all) =>
    explainLine(line, typeOf(all), index === 0),
  )
  const weaver = new Weaver(lines)
  for (const mark of chunkMarks) {
    parts.push(...weaver.take(payloadAt + mark.at - at))
    payloadAt += mark.at - at
    parts.push(chunkPart(mark.name, bytes.slice(mark.at, mark.at + mark.length)))
    at = mark.at + mark.length
  }
  parts.push(...weaver.take(Number.POSITIVE_INFINITY))
  return parts
}

/** Gives out parts up to a place of the payload; a part that a chunk's border cuts comes in two. */
class Weaver {
  readonly #parts: readonly WirePart[]
  #index = 0
  #within = 0
  #at = 0

  constructor(parts: readonly WirePart[]) {
    this.#parts = parts
  }

  take(until: number): WirePart[] {
    const taken: WirePart[] = []
    while (this.#at < until) {
      const next = this.#parts[this.#index]
      if (next === undefined) return taken
      const length = Math.min(until - this.#at, next.bytes.length - this.#within)
      taken.push({ ...next, bytes: next.bytes.slice(this.#within, this.#within + length) })
      this.#at += length
      this.#within += length
      if (this.#within < next.bytes.length) continue
      this.#index += 1
      this.#within = 0
    }
    return taken
  }
}

function withoutMarks(bytes: ByteString, marks: readonly ChunkMark[]): ByteString {
  let payload = ''
  let at = 0
  for (const mark of marks) {
    payload += bytes.slice(at, mark.at)
    at = mark.at + mark.length
  }
  return payload + bytes.slice(at)
}

function typeOf(lines: readonly StreamLine[]): string {
  return lines.find(({ field }) => field === 'event')?.value || 'message'
}

function explainLine(line: StreamLine, type: string, isFirst: boolean): WirePart {
  const { bytes, is, field, value } = line
  if (is === 'comment') {
    const said = value === '' ? 'a comment that says nothing' : `a comment: ${quote(value)}`
    return part(
      'comment',
      bytes,
      `${said}; pages do not see it, it keeps the connection from looking idle`,
      interpreting,
    )
  }
  if (is === 'end') {
    const meaning = isFirst ? 'a line end before the block' : 'an empty line: the event is dispatched'
    return part('end of the event', bytes, meaning, interpreting)
  }
  return explainStreamField(bytes, field ?? '', value, type)
}

function explainStreamField(bytes: ByteString, field: string, value: string, type: string): WirePart {
  const source = sourceOf(field, type)
  if (field === 'data') return part('event field', bytes, dataMeaning(value, type), source)
  if (field === 'event') return part('event field', bytes, `an event of type ${quote(value)}`, source)
  if (field === 'id') {
    const meaning = `the browser comes back after a cut with Last-Event-ID: ${quote(value)}`
    return part('event field', bytes, meaning, source)
  }
  if (field === 'retry') {
    return part(
      'event field',
      bytes,
      `after a cut the browser waits ${quote(value)} ms before it comes back`,
      source,
    )
  }
  return part('event field', bytes, `the field ${quote(field)} means nothing: it is passed over`, source)
}

function sourceOf(field: string, type: string): string {
  const isOurs = (field === 'data' || field === 'event') && (type === 'data' || type === 'control')
  return isOurs ? `${interpreting}; Durable Streams §5.8` : interpreting
}

function dataMeaning(value: string, type: string): string {
  if (type === 'control') return `where the stream is now: ${quote(value)}`
  const count = type === 'data' ? countMessages(value) : 1
  return `${countOf(count, 'message')}: ${quote(value)}`
}
