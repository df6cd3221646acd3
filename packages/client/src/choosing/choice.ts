import type { Way } from '@tidings/protocol'

/** What is known about the ways of one connection. */
export interface Choice {
  readonly state: State
  /** In order of wish, best first; at least one. */
  readonly ways: readonly Way[]
  /** Carries the channels, or is being opened to. */
  readonly active?: Way | undefined
  /** Is being proved beside the active one, and is better. */
  readonly candidate?: Way | undefined
  /** Not to be used before the next climb, as long as there is another. */
  readonly avoid: readonly Way[]
  /** Ways that broke before they had lasted, since they last did: the second time puts them into `avoid`. */
  readonly strikes: readonly Way[]
  /** Times in a row that the active way broke, none of which had lasted before. */
  readonly failures: number
  /** Waits for a climb, since the best way last lasted. */
  readonly climbs: number
  /** The active way has stood through a heartbeat. */
  readonly hasLasted: boolean
  /** Some channel is heard: what `resume` goes by. */
  readonly isWanted: boolean
}

export type State = 'idle' | 'connecting' | 'steady' | 'climbing' | 'waiting' | 'suspended' | 'over'

/**
 * What happened. `up`, `lasting` and `down` are of the active link alone, `proved` and `failed` of the candidate, and
 * `timer` of the wait that is armed: what is no longer open or armed must not be told.
 */
export type ChoiceEvent =
  | { readonly type: 'wanted' | 'unwanted' | 'close' }
  | { readonly type: 'up' | 'lasting' }
  | Down
  | { readonly type: 'proved' | 'failed' }
  | { readonly type: 'timer' }
  | { readonly type: 'online' | 'woke' | 'suspend' | 'resume' }
  | NewWays

export interface Down {
  readonly type: 'down'
  /** To ask again is of no use. */
  readonly permanent?: boolean
  /** The server's wish, milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** Forced or by policy; at least one. Told when they have changed. */
export interface NewWays {
  readonly type: 'ways'
  readonly ways: readonly Way[]
}

export type Command =
  /** As the active link: from now on `up`, `lasting` and `down` are its. */
  | { readonly type: 'open'; readonly way: Way }
  /** As the candidate. */
  | { readonly type: 'try'; readonly way: Way }
  /** The candidate becomes the active link; the one before it is closed, unless it has broken meanwhile. */
  | { readonly type: 'promote' }
  | { readonly type: 'closeActive' | 'closeCandidate' }
  /** Instead of the wait that is armed, when one is. `attempt` is from 1. */
  | {
      readonly type: 'wait'
      readonly for: 'retry' | 'climb'
      readonly attempt: number
      readonly retryAfterMs?: number | undefined
    }
  /** If one is armed. */
  | { readonly type: 'cancelWait' }
  /** Asks the active link for a sign of life. */
  | { readonly type: 'probe' }
  /** Tells every channel that it is over. */
  | { readonly type: 'fail' }

export interface Transition {
  readonly choice: Choice
  /** To be done in this order. */
  readonly commands: readonly Command[]
}
