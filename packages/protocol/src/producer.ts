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

/** In UTF-16 units: an id is a name, not a place for data. */
export const maxProducerIdLength = 256

/**
 * A producer from its parts, as a client sent them.
 *
 * @throws Problem `producer-invalid`
 */
export function checkProducer(id: unknown, epoch: unknown, seq: unknown): Producer {
  if (
    typeof id !== 'string' ||
    id === '' ||
    id.length > maxProducerIdLength ||
    /[\u0000-\u001f\u007f]/.test(id)
  ) {
    throw invalid(
      `The producer's id is a text of 1 to ${maxProducerIdLength} characters, none of them control characters.`,
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
