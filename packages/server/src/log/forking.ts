import { mediaType, Problem, parseOffset } from '@tidings/protocol'
import type { ChannelSpec, ForkRequest } from './append.js'
import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { ChannelReader } from './channel-reader.js'
import type { EarlierPart, Fork } from './engine.js'
import { offsetGone } from './refusals.js'

/** Sources below each other that a fork may stand on: every read and every offset looks through them. */
const maxParts = 1_000

/** What a fork has from its source. */
export interface Inheritance {
  readonly fork: Fork
  readonly parts: readonly EarlierPart[]
}

/**
 * What a fork of `source` inherits: everything before the point that was asked for, read where it stands and
 * never copied.
 *
 * @throws Problem `content-type-mismatch`, `offset-malformed`, `fork-invalid`
 * @see Durable Streams §4.2
 */
export async function inheritanceOf(
  source: Channel,
  { request, spec }: { readonly request: ForkRequest; readonly spec: ChannelSpec },
  reader: ChannelReader,
): Promise<Inheritance> {
  checkContentType(source, spec.contentType)
  const anchor = anchorOf(source, request.offset)
  const batch = await batchAt(source, anchor, reader)
  const position = anchor + checkedSubOffset(source, batch, anchor, request.subOffset)
  const parts = inheritedParts(source, position)
  if (parts.length > maxParts) {
    throw new Problem(
      'fork-invalid',
      `A fork stands on at most ${maxParts} sources. Copy what it is to hold.`,
    )
  }
  return {
    fork: {
      source: source.name,
      ...(request.offset !== undefined && { offset: request.offset }),
      subOffset: request.subOffset,
      inheritsLifetime: spec.ttlSeconds === undefined && spec.expiresAt === undefined,
    },
    parts,
  }
}

/** Parameters may differ. */
function checkContentType(source: Channel, contentType: string): void {
  const own = source.record.contentType
  if (mediaType(contentType) === mediaType(own)) return
  throw new Problem('content-type-mismatch', `A fork holds what its source does: ${own}.`)
}

function anchorOf(source: Channel, text: string | undefined): number {
  if (text === undefined) return source.keptTail
  const offset = parseOffset(text)
  if (!offset)
    throw new Problem('offset-malformed', 'Stream-Fork-Offset is an offset of the source, -1 or now.')
  if (offset.at === 'beginning') return source.keptEarliest
  if (offset.at === 'now') return source.keptTail
  if (!source.hasGiven(offset)) throw noSuchPoint()
  if (offset.position < source.keptEarliest) throw offsetGone(source)
  return offset.position
}

/** What follows the anchor; undefined at the tail. */
async function batchAt(source: Channel, anchor: number, reader: ChannelReader): Promise<Batch | undefined> {
  try {
    const [batch] = await reader.read(source, anchor, 1)
    return batch
  } catch (error) {
    // A reader is told to read again; here it is the request that is wrong.
    if (error instanceof Problem && error.code === 'history-changed') throw noSuchPoint()
    throw error
  }
}

/** Messages of a JSON channel up to its tail, bytes of the one message that follows in any other. */
function checkedSubOffset(
  source: Channel,
  batch: Batch | undefined,
  anchor: number,
  subOffset: number,
): number {
  if (subOffset === 0) return 0
  if (source.kind === 'json') {
    if (anchor + subOffset <= source.keptTail) return subOffset
    throw overshoot()
  }
  const message = batch?.message(0)
  if (!message || subOffset > message.byteLength) throw overshoot()
  // A byte 10xxxxxx goes on with the character before it.
  if (source.kind === 'text' && ((message[subOffset] ?? 0) & 0xc0) === 0x80) {
    throw new Problem('fork-invalid', 'Stream-Fork-Sub-Offset lies within a character.')
  }
  return subOffset
}

/** The source's own earlier parts, then the source. */
function inheritedParts(source: Channel, position: number): EarlierPart[] {
  const own = { channelId: source.id, history: source.history, end: source.keptTail }
  const parts: EarlierPart[] = []
  for (const part of [...(source.record.parts ?? []), own]) {
    const start = parts.at(-1)?.end ?? 0
    const end = Math.min(part.end, position)
    // The first also when it is empty: its history gave out the beginning, to the source's readers and the fork's.
    if (end > start || parts.length === 0) parts.push({ ...part, end })
  }
  return parts
}

function noSuchPoint(): Problem {
  return new Problem(
    'fork-invalid',
    'Stream-Fork-Offset is no offset that the source gave out, or beyond its tail.',
  )
}

function overshoot(): Problem {
  return new Problem(
    'fork-invalid',
    'Stream-Fork-Sub-Offset goes past what follows the fork offset: the tail of a JSON channel, the next message of any other.',
  )
}
