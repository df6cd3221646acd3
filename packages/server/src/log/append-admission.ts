import { mediaType, Problem } from '@tidings/protocol'
import type { Append, AppendOutcome } from './append.js'
import { positionsOf } from './batch.js'
import type { Channel } from './channel.js'
import type { Engine } from './engine.js'
import type { GroupCommit } from './group-commit.js'
import { admitProducer } from './producer-admission.js'
import { checkSequence, closed } from './refusals.js'

/**
 * Checks an append against what was admitted before it, kept or not, and stages it for the next commit.
 *
 * @returns what is true once `channel.settled`
 * @throws Problem `channel-closed`, `content-type-mismatch`, `producer-*`, `sequence-regression`
 */
export function admitAppend(
  channel: Channel,
  append: Append,
  at: { readonly engine: Engine; readonly commits: GroupCommit },
): AppendOutcome {
  const { producer, close = false } = append
  checkContentType(channel, append)
  const state =
    producer && (channel.admittedProducers.get(producer.id) ?? at.engine.producer(channel.id, producer.id))
  const admission = admitProducer(producer, state)
  if (admission === 'duplicate') return outcome(channel, true, state?.lastSeq)
  if (channel.record.closed) {
    const isCloseAgain = close && append.messages.length === 0 && !producer
    if (isCloseAgain) return outcome(channel, true, undefined)
    throw closed(channel, channel.admittedTail)
  }
  if (admission instanceof Problem) throw admission
  if (append.sequence !== undefined) checkSequence(append.sequence, channel.record.lastSequence)

  const start = channel.admittedTail
  const recordChanges = close || append.sequence !== undefined
  if (recordChanges) {
    channel.record = {
      ...channel.record,
      ...(append.sequence !== undefined && { lastSequence: append.sequence }),
      ...(close && { closed: producer ? { producer } : {} }),
    }
  }
  const next = producer && { epoch: producer.epoch, lastSeq: producer.seq }
  if (producer && next) channel.admittedProducers.set(producer.id, next)
  at.commits.stage(channel, {
    messages: append.messages,
    start,
    ...(producer && next && { producer: { id: producer.id, state: next } }),
    ...(recordChanges && { record: channel.record }),
  })
  channel.admittedTail = start + positionsOf(channel.kind, append.messages)
  return outcome(channel, false, producer?.seq)
}

/** A channel that is closed says so first: its type does not matter any more. */
function checkContentType(channel: Channel, { contentType }: Append): void {
  const expected = channel.record.contentType
  if (contentType === undefined || contentType === expected) return
  if (mediaType(contentType) === mediaType(expected)) return
  if (channel.record.closed) throw closed(channel, channel.admittedTail)
  throw new Problem('content-type-mismatch', `This channel holds ${expected}. Send that.`)
}

function outcome(channel: Channel, isDuplicate: boolean, lastSeq: number | undefined): AppendOutcome {
  const nextOffset = channel.offsetAt(channel.admittedTail)
  const isClosed = channel.record.closed !== undefined
  return lastSeq === undefined
    ? { nextOffset, isDuplicate, isClosed }
    : { nextOffset, isDuplicate, isClosed, lastSeq }
}
