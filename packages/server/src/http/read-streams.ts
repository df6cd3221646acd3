import {
  checkChannelName,
  type LiveMode,
  maxStreams,
  type OffsetRequest,
  offsetOf,
  Problem,
  parseStart,
  parseVector,
} from '@tidings/protocol'
import type { StreamsReading, TransportSettings } from '../transports/index.js'
import { type HttpRequest, headerText } from './http-request.js'
import { holdMsOf, single } from './read-request.js'

/**
 * What a GET of several channels wants to hear, and from where.
 *
 * @throws Problem `streams-missing`, `streams-too-many`, `streams-repeated`, `channel-name-invalid`,
 * `not-implemented` (reserved names), `offset-malformed`, `offset-missing`, `start-ambiguous`, `vector-malformed`,
 * `events-unknown`, `query-invalid`, `timeout-invalid`
 */
export function streamsReadingOf(
  request: HttpRequest,
  query: URLSearchParams,
  live: LiveMode | undefined,
  settings: TransportSettings,
): StreamsReading {
  const named = namedStreams(query, settings.maxNameBytes)
  if (query.has('events')) {
    throw new Problem('events-unknown', '"events" is of no use here: each envelope is an unnamed event.')
  }
  const common = {
    holdMs: holdMsOf(query, settings.longPollMs),
    withOffsets: wantsOffsets(query),
  }
  const starts = startsOf(named, query, live)
  const lastEventId = live === 'sse' ? headerText(request, 'last-event-id') : undefined
  const places = lastEventId ? parseVector(lastEventId, named.length) : starts
  return { ...common, streams: named.map(({ name }, index) => ({ name, start: places[index] })) }
}

interface NamedStream {
  readonly name: string
  /** What follows the last `@`; undefined when nothing does. */
  readonly offset: string | undefined
}

function namedStreams(query: URLSearchParams, maxNameBytes: number): NamedStream[] {
  const values = query.getAll('stream')
  if (values.length === 0) {
    throw new Problem('streams-missing', 'Name the channels: stream=<name>@<offset>, once for each.')
  }
  if (values.length > maxStreams) {
    throw new Problem(
      'streams-too-many',
      `One response carries at most ${maxStreams} channels; ${values.length} are named. Ask for the rest in another.`,
    )
  }
  const streams = values.map(namedStream)
  for (const { name } of streams) checkChannelName(name, maxNameBytes)
  const names = new Set(streams.map(({ name }) => name))
  if (names.size < streams.length) {
    throw new Problem('streams-repeated', 'Name each channel once: nobody could tell its envelopes apart.')
  }
  return streams
}

/** The name ends at the last `@`: it may have others, and an offset has none. */
function namedStream(value: string): NamedStream {
  const mark = value.lastIndexOf('@')
  if (mark === -1) return { name: value, offset: undefined }
  return { name: value.slice(0, mark), offset: value.slice(mark + 1) || undefined }
}

function wantsOffsets(query: URLSearchParams): boolean {
  const [text = 'false', ...more] = query.getAll('offsets')
  if (more.length === 0 && (text === 'true' || text === 'false')) return text === 'true'
  throw new Problem(
    'query-invalid',
    '"offsets" is true, for an offset per message, or false, and stands once.',
  )
}

function startsOf(
  streams: readonly NamedStream[],
  query: URLSearchParams,
  live: LiveMode | undefined,
): OffsetRequest[] {
  const common = parseStart({ last: single(query, 'last'), since: single(query, 'since') })
  if (query.has('offset') || query.has('before')) {
    throw new Problem(
      'start-ambiguous',
      'Each channel has an offset of its own, stream=<name>@<offset>, and pages backwards are read one by one.',
    )
  }
  if (common && streams.every(({ offset }) => offset !== undefined)) {
    throw new Problem(
      'start-ambiguous',
      'last and since are for streams without an offset; here all have one.',
    )
  }
  return streams.map(({ name, offset }) => {
    if (offset !== undefined) return startAt(name, offset)
    if (common) return common
    if (live === undefined) return { at: 'beginning' }
    throw new Problem(
      'offset-missing',
      `live=${live} needs a place to start for ${JSON.stringify(name)}: an offset behind an @ (one that this server ` +
        'gave out, -1 or now), or last or since for all that have none.',
    )
  })
}

function startAt(name: string, offset: string): OffsetRequest {
  try {
    return offsetOf(offset)
  } catch (cause) {
    throw new Problem(
      'offset-malformed',
      `What follows the last @ of a stream is an offset that this server gave out, -1 or now; of ${JSON.stringify(name)} ` +
        'it is not. A name with an @ and no offset ends in an @ of its own.',
      {},
      { cause },
    )
  }
}
