import type { PredictionInput } from './types.js'

/** How messages come: evenly, so many at once. */
export interface Arrivals {
  /** From one burst to the next, seconds; `Infinity` when there are none. */
  readonly periodSeconds: number
  readonly burstsPerSecond: number
  readonly payloadBytesPerSecond: number
  /** `5 messages a second`, `a burst of 10 messages each 2 s`. */
  readonly words: string
}

export function arrivalsOf({ messagesPerSecond, burst, messageBytes }: PredictionInput): Arrivals {
  const atOnce = Math.max(1, burst)
  const burstsPerSecond = messagesPerSecond / atOnce
  const periodSeconds = messagesPerSecond > 0 ? 1 / burstsPerSecond : Number.POSITIVE_INFINITY
  const perSecond = `${decimal(messagesPerSecond)} messages a second`
  return {
    periodSeconds,
    burstsPerSecond,
    payloadBytesPerSecond: messagesPerSecond * messageBytes,
    words: atOnce === 1 ? perSecond : `${decimal(atOnce)} messages at once each ${decimal(periodSeconds)} s`,
  }
}

/** At most three digits behind the point, and none that say nothing. */
export function decimal(number: number): string {
  if (!Number.isFinite(number)) return 'no'
  const digits = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 1 ? 1 : 3
  return number.toLocaleString('en', { maximumFractionDigits: digits })
}

export function percent(share: number): string {
  return `${decimal(share * 100)} %`
}
