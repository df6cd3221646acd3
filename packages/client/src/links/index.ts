import type { Way } from '@tidings/protocol'
import type { Link, LinkOwner } from './link.js'
import { openLongPoll, proveLongPoll } from './long-poll.js'
import type { Network } from './network.js'
import { proveSse } from './prove-sse.js'
import { openShortPoll } from './short-poll.js'
import { openSse } from './sse.js'
import { openWebSocket } from './websocket.js'

export type OpenLink = (owner: LinkOwner, network: Network) => Link

/** The four ways to carry channels. */
export const opened: Readonly<Record<Way, OpenLink>> = {
  'short-poll': openShortPoll,
  'long-poll': openLongPoll,
  sse: openSse,
  websocket: openWebSocket,
}

/** What shows that a way works, while another one carries the channels. A WebSocket shows it by itself, and then carries. */
export const proved: Readonly<Record<Way, OpenLink>> = {
  ...opened,
  'long-poll': proveLongPoll,
  sse: proveSse,
}
