import type { Way } from '@tidings/protocol'
import type { OpenLane } from './lane.js'
import { openLongPoll } from './long-poll.js'
import { openShortPoll } from './short-poll.js'
import { openSse } from './sse.js'
import { openWebSocket } from './websocket.js'

export { type Browser, type BrowserSocket, pageBrowser, socketOpen, socketUrlOf } from './browser.js'
export { isLabMessage, type LabMessage, parseMessage } from './lab-message.js'
export {
  type LaneOptions,
  type LanePlace,
  NotSaid,
  type OpenLane,
  type RunningLane,
} from './lane.js'
export { wait } from './wait.js'

/** The four ways with what a browser brings. */
export const openLane: Readonly<Record<Way, OpenLane>> = {
  'short-poll': openShortPoll,
  'long-poll': openLongPoll,
  sse: openSse,
  websocket: openWebSocket,
}
