import type { Way } from '@tidings/protocol'
import type { Link, LinkOwner } from './link.js'
import { openLongPoll, proveLongPoll } from './long-poll.js'
import type { Network } from './network.js'
import { proveSse } from './prove-sse.js'
import { openShortPoll } from './short-poll.js'
import { openSse } from './sse.js'
import { openWebSocket } from './websocket.js'

export type OpenLink = (owner: LinkOwner, network: Network) => Link

/** How links are opened: of the four ways, or of something that stands in for them (another tab's). */
export interface Links {
  /** To carry channels. */
  readonly opened: Readonly<Record<Way, OpenLink>>
  /** To show that a way works, while another one carries. A WebSocket shows it by itself, and then carries. */
  readonly proved: Readonly<Record<Way, OpenLink>>
}

const opened = {
  'short-poll': openShortPoll,
  'long-poll': openLongPoll,
  sse: openSse,
  websocket: openWebSocket,
}

export const ownLinks: Links = { opened, proved: { ...opened, 'long-poll': proveLongPoll, sse: proveSse } }
