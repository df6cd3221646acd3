import { checkChannelName, Problem } from '@tidings/protocol'

/** A pattern that no channel's name could match as it was meant; the message says why. */
export class NamePatternInvalid extends Error {
  override readonly name = 'NamePatternInvalid'
  readonly code = 'name-pattern-invalid'
}

/** Longest pattern, bytes: no name is longer. */
const maxPatternBytes = 1024

/**
 * Refuses what is no pattern of channels' names. A `*` stands for all of one segment or for a part of it, once in
 * each; `**` as the last segment for one or more segments, whatever they are.
 *
 * @param pattern as in `orders/*`, `rooms/room-*` or `orders/**`; plain text, not percent-encoded
 * @throws NamePatternInvalid
 */
export function checkNamePattern(pattern: string): void {
  const segments = pattern.split('/')
  const refuse = (why: string) => {
    throw new NamePatternInvalid(`"${pattern}" is no pattern of channels' names: ${why}`)
  }
  if (segments.slice(0, -1).includes('**')) refuse('** is the last segment.')
  // One star in a segment: more would be tried in all their combinations against names that others choose.
  if (segments.some((segment) => segment !== '**' && segment.indexOf('*') !== segment.lastIndexOf('*'))) {
    refuse('a segment has one *; ** stands alone, as the last.')
  }
  try {
    checkChannelName(pattern.replaceAll('*', 'x'), maxPatternBytes)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    refuse(error.message)
  }
}

/** @returns whether a name matches one of these patterns, checked before */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const split = patterns.map((pattern) => pattern.split('/'))
  return (name) => {
    const segments = name.split('/')
    return split.some((pattern) => matches(pattern, segments))
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '**'
  if (isOpen ? segments.length < pattern.length : segments.length !== pattern.length) return false
  const fixed = isOpen ? pattern.slice(0, -1) : pattern
  return fixed.every((part, index) => matchesSegment(part, segments[index] as string))
}

function matchesSegment(part: string, segment: string): boolean {
  const star = part.indexOf('*')
  if (star === -1) return part === segment
  const end = part.slice(star + 1)
  return segment.length >= part.length - 1 && segment.startsWith(part.slice(0, star)) && segment.endsWith(end)
}
