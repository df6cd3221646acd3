import type { Difference } from './answer.js'
import type { Kind } from './kind.js'
import { kindsOfContent } from './kinds-of-content.js'
import { kindsOfForms } from './kinds-of-forms.js'
import { kindsOfRequests } from './kinds-of-requests.js'
import type { Exchange } from './pair.js'

/** Every way in which the two servers are known to differ. */
export const kinds: readonly Kind[] = [...kindsOfRequests, ...kindsOfContent, ...kindsOfForms]

export function kindOf(difference: Difference, exchange: Exchange): Kind | undefined {
  return kinds.find((kind) => kind.explains(difference, exchange))
}
