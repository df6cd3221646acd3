import type { Check } from '../check.js'
import { connections } from './connections.js'
import { idle } from './idle.js'
import { longPoll } from './long-poll.js'
import { shortPoll } from './short-poll.js'
import { sse } from './sse.js'
import { websocket } from './websocket.js'

/**
 * One stage after the other; what stands in one stage runs at once. Those that measure have the network to themselves,
 * the two that wait wait together, and the one that uses up the page's connections is the last.
 */
export const stages: readonly (readonly Check[])[] = [
  [shortPoll],
  [sse],
  [websocket],
  [longPoll, idle],
  [connections],
]
