import type { Way } from '@tidings/protocol'
import { sayDelay } from '../advice/words.js'
import type { LaneSettings } from '../workload/lane-settings.js'

export const wayTitle: Readonly<Record<Way, string>> = {
  'short-poll': 'Short polling',
  'long-poll': 'Long polling',
  sse: 'Server-Sent Events',
  websocket: 'WebSocket',
}

/** Where there is no room for all of it. */
export const shortTitle: Readonly<Record<Way, string>> = {
  'short-poll': 'Short poll',
  'long-poll': 'Long poll',
  sse: 'SSE',
  websocket: 'WebSocket',
}

/** Who asks, who waits, who closes. */
export function explainWay(way: Way, { pollIntervalMs, holdSeconds }: LaneSettings): string {
  switch (way) {
    case 'short-poll':
      return `The page asks every ${sayDelay(pollIntervalMs)}. Nobody waits: the server answers at once, often with nothing.`
    case 'long-poll':
      return `The page asks. The server waits up to ${holdSeconds} s for news, answers, and the page asks again.`
    case 'sse':
      return 'The page asks once. The answer never ends, each message is a piece of it. Either end closes.'
    case 'websocket':
      return 'The page asks once, to leave HTTP. Then both speak as they like. Either end closes.'
  }
}
