import { Problem, parseOffset } from '@tidings/protocol'
import type { ForkRequest } from './append.js'
import type { Batch } from './batch.js'
import type { Channel } from './channel.js'
import type { EarlierPart, Fork } from './engine.js'

/**
 * What a fork of `source` inherits: everything before the point that was asked for, read where it stands and
 * never copied.
 *
 * @param read the source's kept batches from a position on
 * @throws Problem `offset-malformed`, `fork-invalid`
 * @see Durable Streams §4.2
 */
export async function forkAt(
  source: Channel,
  request: ForkRequest & { readonly inheritsLifetime: boolean },
  read: (position: number) => Promise<Batch[]>,
): Promise<{ fork: Fork; parts: EarlierPart[] }> {
  const anchor = anchorOf(source, request.offset)
  const [batch] = anchor < source.keptTail ? await read(anchor) : []
  if (anchor < source.keptTail && !batch?.from(anchor)) throw noSuchPoint()
  const position = anchor + checkedSubOffset(source, batch?.from(anchor), anchor, request.subOffset)
  const fork = {
    source: source.name,
    ...(request.offset !== undefined && { offset: request.offset }),
    subOffset: request.subOffset,
    inheritsLifetime: request.inheritsLifetime,
  }
  return { fork, parts: inheritedParts(source, position) }
}

function anchorOf(source: Channel, text: string | undefined): number {
  if (text === undefined) return source.keptTail
  const offset = parseOffset(text)
  if (!offset)
    throw new Problem('offset-malformed', 'Stream-Fork-Offset is an offset of the source, -1 or now.')
  if (offset.at === 'beginning') return 0
  if (offset.at === 'now') return source.keptTail
  const isKnown = source.hasHistory(offset.history, offset.position) && offset.position <= source.keptTail
  if (!isKnown) throw noSuchPoint()
  return offset.position
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
  let start = 0
  for (const part of [...(source.record.parts ?? []), own]) {
    const end = Math.min(part.end, position)
    if (end > start) parts.push({ ...part, end })
    start = part.end
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

/** Whether a fork that is there was made by this request. @see Durable Streams §4.2, "Idempotent fork creation" */
export function isSameFork(fork: Fork | undefined, request: ForkRequest | undefined): boolean {
  if (!fork || !request) return !fork && !request
  return (
    fork.source === request.source && fork.offset === request.offset && fork.subOffset === request.subOffset
  )
}
