import { ProblemError } from '../../problem-error.js'
import type { PublisherOptions } from '../publisher.js'

/**
 * Who publishes, so that a retry is stored once: an id, an epoch, and the number of the next append in it.
 *
 * @see Durable Streams §5.2.1
 */
export class ProducerState {
  readonly id: string
  readonly #autoClaim: boolean
  epoch: number
  nextSequence = 0

  constructor(options: PublisherOptions) {
    this.id = options.producerId ?? randomId()
    this.epoch = options.epoch ?? 0
    this.#autoClaim = options.autoClaim ?? false
  }

  /** @returns whether a newer producer has taken over and we took over from it: sequences start again at 0 */
  claims(error: unknown): boolean {
    if (!this.#autoClaim || !(error instanceof ProblemError) || error.code !== 'producer-stale') return false
    const { currentEpoch } = error.facts
    if (currentEpoch === undefined) return false
    this.epoch = currentEpoch + 1
    this.nextSequence = 0
    return true
  }
}

/**
 * Whether the server has looked at an append and kept nothing of it: its sequence number is free again, and
 * what follows is not affected. After any other failure it is not known what was kept.
 */
export function isRefusal(error: unknown): error is ProblemError {
  if (!(error instanceof ProblemError) || error.isTransient || error.status === undefined) return false
  if (error.code === 'producer-gap' || error.code === 'producer-stale') return false
  return (error.status >= 400 && error.status < 500) || error.status === 501
}

export function publisherStopped(): ProblemError {
  return new ProblemError('publisher-stopped', 'The publisher was stopped before this was acknowledged.')
}

/** `crypto.randomUUID` is missing on pages of http: that are not local; `getRandomValues` never is. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
