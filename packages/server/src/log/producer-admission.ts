import { Problem, type Producer } from '@tidings/protocol'
import type { ProducerState } from './engine.js'

/**
 * Whether an append of this producer is its next one.
 *
 * @returns `duplicate` when it was taken before; `next` when it may go on; a refusal that gives way to
 * `channel-closed` when the channel is closed
 * @throws Problem `producer-stale`, which goes before everything else: an old producer must learn that it is old
 * @see Durable Streams §5.2.1, "Validation Logic"
 */
export function admitProducer(
  producer: Producer | undefined,
  state: ProducerState | undefined,
): 'next' | 'duplicate' | Problem {
  if (!producer) return 'next'
  const { epoch, seq } = producer
  if (state && epoch < state.epoch) {
    throw new Problem(
      'producer-stale',
      `This producer goes on with epoch ${state.epoch}. Stop, or claim a higher epoch.`,
      {
        currentEpoch: state.epoch,
      },
    )
  }
  if (!state || epoch > state.epoch) {
    if (seq === 0) return 'next'
    if (!state) return gap(0, seq)
    return new Problem('producer-invalid', 'A new epoch starts with sequence 0.')
  }
  if (seq <= state.lastSeq) return 'duplicate'
  return seq === state.lastSeq + 1 ? 'next' : gap(state.lastSeq + 1, seq)
}

function gap(expectedSeq: number, receivedSeq: number): Problem {
  return new Problem(
    'producer-gap',
    `Sequence ${expectedSeq} comes next; ${receivedSeq} came. Send what is missing first.`,
    { expectedSeq, receivedSeq },
  )
}
