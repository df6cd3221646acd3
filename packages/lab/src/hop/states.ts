import type { Way } from '@tidings/protocol'

/** Whether messages that were numbered from 1 have all come, once, in order. */
export interface Sequence {
  readonly heard: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
}

export interface HopperState extends Sequence {
  readonly way: Way
  readonly hops: number
  readonly isHoppingAtRandom: boolean
  /** What it does now, in a word or two: `hearing`, `reconnecting`. */
  readonly doing: string
  /** Where it will go on. */
  readonly offset: string
}

export interface NaiveState extends Sequence {
  readonly connects: number
  readonly doing: string
}
