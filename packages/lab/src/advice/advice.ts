import type { Way, Workload } from '@tidings/protocol'
import type { Audience } from '../workload/choices.js'
import type { Outlook } from './outlook.js'

export type Advice =
  | {
      readonly kind: 'way'
      readonly way: Way
      /** Which of the rules of `recommend` spoke. */
      readonly because: Because
      /** Why this way; and why not the one that would come to mind first. */
      readonly sentences: readonly [string, string]
      readonly outlooks: Outlooks
    }
  | { readonly kind: 'not-yet'; readonly missing: string; readonly outlooks: Outlooks }

export type Because =
  | 'speaks-often'
  | 'few-requests'
  | 'gathers'
  | 'one-request'
  | 'least-overhead'
  | 'gets-through'
  | 'soonest'

export type Outlooks = Readonly<Record<Way, Outlook>>

/** What the sentences speak of. */
export interface Facts {
  readonly outlooks: Outlooks
  readonly workload: Workload
  readonly audience: Audience
}
