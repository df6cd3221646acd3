import type { Difference } from './answer.js'
import type { Exchange } from './pair.js'

/** A difference that is known, and why it may be. */
export interface Kind {
  readonly id: string
  /** When it shows. */
  readonly case: string
  readonly reference: string
  readonly here: string
  /**
   * `asks`: the text asks for what we do. `open`: it leaves both open. `otherwise`: it says something else with a
   * SHOULD, or two things that do not go together, and `why` says why we do what we do.
   */
  readonly verdict: 'asks' | 'open' | 'otherwise'
  /** The protocol's own words, and where they stand. */
  readonly text: { readonly section: string; readonly quote: string }
  readonly why?: string
  /** The servers are in different states from there on: the channels are asked nothing more. */
  readonly parts?: boolean
  readonly explains: (difference: Difference, exchange: Exchange) => boolean
}

/** The status that each answered. */
export const statuses = (here: number, reference: number) => (difference: Difference) =>
  difference.aspect === 'status' &&
  difference.here === String(here) &&
  difference.reference === String(reference)

/** The code of our problem. */
export function codeOf({ here }: Exchange): string | undefined {
  const isProblem = here.headers['content-type'] === 'application/problem+json'
  return isProblem && here.body.byteLength > 0
    ? (JSON.parse(here.body.toString()) as { code: string }).code
    : undefined
}

export function headerOf({ operation }: Exchange, name: string): string | undefined {
  const value = operation.headers?.[name]
  return typeof value === 'string' ? value : undefined
}

export function queryOf({ operation }: Exchange, name: string) {
  return operation.query?.find(([each]) => each === name)?.[1]
}

/** An offset that was told for another channel, or for one of this name that is deleted. */
export function isForeign(
  exchange: Exchange,
  written: ReturnType<typeof queryOf>,
  of = exchange.channel,
): boolean {
  if (written === undefined || typeof written === 'string') return false
  const { here } = exchange.world.resolve(written)
  return !of?.told.some((told) => told.here === here)
}

export const wasRefused = (status: number) => status >= 400
