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

export const maxProducerIdBytes = 256
