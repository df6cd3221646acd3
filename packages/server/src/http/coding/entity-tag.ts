import type { Representation } from './accept-encoding.js'

/**
 * The tag of one representation: tags are strong, so each coding has its own.
 *
 * @param tag of the answer as it is, quoted
 * @see RFC 9110 §8.8.3.3
 */
export function tagOf(tag: string, as: Representation): string {
  return as === 'identity' ? tag : `${tag.slice(0, -1)}:${as}"`
}

/**
 * The tag by which a client has the answer already. Only representations that it takes count: a cache that
 * asks for one client with what it keeps for another must not give this one what it can't read.
 *
 * @param tag of the answer as it is, quoted
 * @param accepted best first
 * @see RFC 9110 §13.1.2: weak comparison, a list, or `*`; RFC 9111 §4.3.4: the tag says which is meant
 */
export function knownTag(
  ifNoneMatch: string | undefined,
  tag: string,
  accepted: readonly Representation[],
): string | undefined {
  if (ifNoneMatch === undefined) return undefined
  const candidates = ifNoneMatch.split(',').map((candidate) => candidate.trim().replace(/^W\//, ''))
  if (candidates.includes('*')) return tag
  return accepted.map((as) => tagOf(tag, as)).find((known) => candidates.includes(known))
}
