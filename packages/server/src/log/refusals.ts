import { Problem } from '@tidings/protocol'
import type { ChannelSpec } from './append.js'
import type { Channel } from './channel.js'

/** A channel that is not there, or not kept yet. */
export function unknown(name: string): Problem {
  return new Problem(
    'channel-unknown',
    `There is no channel ${JSON.stringify(name)}. Create it with PUT, or look at its name.`,
  )
}

/** An append to a channel that takes no more, and ends at `end`. */
export function closed(channel: Channel, end: number): Problem {
  return new Problem(
    'channel-closed',
    'The channel takes no more messages; what it holds can still be read.',
    {
      closed: true,
      nextOffset: channel.offsetAt(end),
    },
  )
}

/** An offset that this channel never gave out. */
export function historyChanged(channel: Channel): Problem {
  return new Problem(
    'history-changed',
    'The channel was made anew, or its server lost its memory: this offset belongs to another history. ' +
      'Decide what to do with what was heard before, then read from the earliest or the latest offset.',
    { earliestOffset: channel.earliestOffset, nextOffset: channel.nextOffset },
  )
}

/** An offset that retention has passed. */
export function offsetGone(channel: Channel): Problem {
  return new Problem(
    'offset-gone',
    'Retention has dropped messages that come after this offset. ' +
      'Read again from -1 or the earliest offset, and decide what to do about those that were missed.',
    { earliestOffset: channel.earliestOffset, nextOffset: channel.nextOffset },
  )
}

/** @see Durable Streams §5.2, `Stream-Seq` */
export function checkSequence(sequence: string, last: string | undefined): void {
  if (last === undefined || Buffer.compare(Buffer.from(sequence), Buffer.from(last)) > 0) return
  throw new Problem(
    'sequence-regression',
    `Stream-Seq must be greater than the last one, byte by byte: ${JSON.stringify(last)}.`,
  )
}

/** @throws Problem `lifetime-invalid` for a channel that would be over before it is there */
export function checkNotOver({ expiresAt }: ChannelSpec, nowMs: number): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > nowMs) return
  throw new Problem('lifetime-invalid', `Stream-Expires-At is a time to come; ${expiresAt} is over.`)
}

/** What a reader is told whose channel was deleted, or ended by its lifetime. */
export function gone({ name, record }: Channel): Problem {
  return record.isSoftDeleted ? deleted(name) : unknown(name)
}

/** A channel that is deleted, and kept for the forks that stand on it. @see Durable Streams §4.2 */
export function deleted(name: string): Problem {
  return new Problem(
    'channel-deleted',
    `The channel ${JSON.stringify(name)} was deleted; forks still stand on its data. Its name is free once they are deleted.`,
  )
}
