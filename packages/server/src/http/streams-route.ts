import { type LiveMode, Problem, path } from '@tidings/protocol'
import {
  type Station,
  type StreamsTransport,
  streamsByLongPoll,
  streamsByShortPoll,
  streamsOverSse,
} from '../transports/index.js'
import { liveMode } from './read-request.js'
import { streamsReadingOf } from './read-streams.js'
import type { Visit } from './visit.js'

const transports: Record<Exclude<LiveMode, 'websocket'> | 'none', StreamsTransport> = {
  none: streamsByShortPoll,
  'long-poll': streamsByLongPoll,
  sse: streamsOverSse,
}

/** Several channels on one response. */
export async function answerStreams(station: Station, visit: Visit, query: URLSearchParams): Promise<void> {
  const { request, exchange, isUpgrade } = visit
  const live = liveMode(query)
  if (live === 'websocket' || isUpgrade) {
    throw new Problem(
      'live-unknown',
      'Several channels are heard here with live=sse, live=long-poll or none. Over a WebSocket, subscribe to ' +
        `them at ${path.socket}.`,
    )
  }
  const reading = streamsReadingOf(request, query, live, station.settings)
  await transports[live ?? 'none'].open(station, exchange, reading)
}
