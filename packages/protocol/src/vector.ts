import type { OffsetRequest } from './offset.js'
import { parseOffset } from './offset.js'
import { Problem } from './problem.js'

/** Channels on one response. Browsers open six connections of HTTP/1.1 to a host: one of them carries so many. */
export const maxStreams = 64

/** Stands in a vector for a channel of which all was told: it is closed, deleted, or was refused. */
export const endedPlace = 'ended'

/**
 * Where a reader of several channels is: for each of them, in the order of the request, the offset to go on from,
 * or `ended`. It is the `id:` of their events, and comes back as `Last-Event-ID`.
 */
export function formatVector(places: readonly string[]): string {
  return places.join(',')
}

/**
 * @returns where to go on, by position; undefined for a channel that has ended
 * @throws Problem `vector-malformed`
 */
export function parseVector(text: string, count: number): (OffsetRequest | undefined)[] {
  const places = text.split(',')
  if (places.length !== count) {
    throw malformed(`It has ${places.length} places, and the request names ${count} streams.`)
  }
  return places.map((place) => {
    if (place === endedPlace) return undefined
    const offset = parseOffset(place)
    if (!offset) throw malformed(`A place is an offset or "${endedPlace}".`)
    return offset
  })
}

function malformed(why: string): Problem {
  return new Problem(
    'vector-malformed',
    `Last-Event-ID is the id of an event that these very streams sent, in this order. ${why}`,
  )
}
