import { Problem } from './problem.js'

/**
 * Who appends, so that a retry is stored once: a stable id, an epoch that grows with each restart of the
 * producer, and a sequence that counts its requests (or envelopes) within the epoch, from 0.
 *
 * @see Durable Streams §5.2.1
 */
export interface Producer {
  readonly id: string
  readonly epoch: number
  readonly seq: number
}

/** An id is a name, not a place for data. */
export const maxProducerIdLength = 256

/**
 * What a header carries as it was meant: it has no spaces at its ends, and what is beyond ASCII is another text
 * to each who reads it. The same producer may go on over a socket.
 *
 * @see RFC 9110 §5.5
 */
const idPattern = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/**
 * A producer from its parts, as a client sent them.
 *
 * @throws Problem `producer-invalid`
 */
export function checkProducer(id: unknown, epoch: unknown, seq: unknown): Producer {
  if (typeof id !== 'string' || id.length > maxProducerIdLength || !idPattern.test(id)) {
    throw invalid(
      `The producer's id has 1 to ${maxProducerIdLength} ASCII characters: letters, digits, signs, and spaces within.`,
    )
  }
  if (!isCount(epoch)) throw invalid("The producer's epoch is a whole number from 0 to 2^53-1.")
  if (!isCount(seq)) throw invalid("The producer's sequence is a whole number from 0 to 2^53-1.")
  return { id, epoch, seq }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function invalid(detail: string): Problem {
  return new Problem('producer-invalid', detail)
}
