import type { Way } from './way.js'

/** Where the Lab is. `run` takes a WebSocket: while it is open a run goes on. `line` is the faulty line of a run. */
export const labPath = {
  page: '/lab/',
  check: '/lab/check',
  run: '/lab/run',
  line: '/lab/line/',
} as const

/** A run's channel is this and the run's name. */
export const labChannelPrefix = 'lab/'

/** Names the lane of a request to a run's channel, in its query: its exchange's bytes are told to the page. */
export const laneParameter = 'lab'

/** What `lab=sse.12` and `lab=long-poll.13.fresh` say. */
export interface LaneTag {
  readonly lane: Way
  /** The page's own number of the request, by which it knows it again in the trace. */
  readonly ask: number
  /** The answer is to end its connection. */
  readonly isFresh: boolean
}

export function formatLaneTag({ lane, ask, isFresh }: LaneTag): string {
  return `${lane}.${ask}${isFresh ? '.fresh' : ''}`
}

/** @returns undefined for what is none */
export function parseLaneTag(text: string): LaneTag | undefined {
  const [, lane, ask, fresh] = /^(short-poll|long-poll|sse|websocket)\.(\d{1,9})(\.fresh)?$/.exec(text) ?? []
  if (lane === undefined || ask === undefined) return undefined
  return { lane: lane as Way, ask: Number(ask), isFresh: fresh !== undefined }
}

/** Bytes as a string with a code unit (0 to 255) for each. */
export type ByteString = string

/** What a run's server publishes, and who hears it beside the page. */
export interface Workload {
  /** 0 to `labLimits.messagesPerSecond`, also below one. */
  readonly messagesPerSecond: number
  /** So many messages at once, then none for as long as they would have taken one by one; 1 is even. */
  readonly burst: number
  /** How long a message is, bytes of its JSON. */
  readonly messageBytes: number
  /** Real connections of the server's own worker to itself, beside the page's. */
  readonly readers: Readonly<Record<Way, number>>
}

export const labLimits = {
  messagesPerSecond: 200,
  burst: 100,
  /** A message holds its number and its time, which take so many bytes. */
  leastMessageBytes: 64,
  messageBytes: 16_384,
  readersPerWay: 200,
  runs: 8,
} as const

/** What the run's line does to what passes it. All of them together are a bad day. */
export interface LineFaults {
  /** Each piece is held up for so long in either direction, milliseconds. */
  readonly delayMs: number
  /** Answers are kept until they are complete, as some proxies do. */
  readonly buffers: boolean
  /** What becomes of an upgrade: it passes, is answered 502, or is never answered. */
  readonly upgrades: 'pass' | 'refuse' | 'hang'
}

/** From the page, on the run's WebSocket: text frames, one JSON object each. */
export type LabRequest =
  | { readonly type: 'workload'; readonly workload: Workload }
  | { readonly type: 'faults'; readonly faults: LineFaults }
  /** Cuts every connection that is on the line now. */
  | { readonly type: 'cut' }
  /** Cuts them, and takes none for so long, milliseconds (at most a minute). */
  | { readonly type: 'offline'; readonly forMs: number }
  /** Closes one of the traced connections from the server's side. */
  | { readonly type: 'close'; readonly connection: number }
  /** Comes back with the server's time, so that the page can tell how far the clocks are apart. */
  | { readonly type: 'clock'; readonly askedAtMs: number }

/** To the page. All times are the server's, milliseconds since 1970 with fractions. */
export type LabNotice =
  | { readonly type: 'run'; readonly channel: string; readonly line: string; readonly longPollMs: number }
  /** `missed`: so many events were let go of, since the page reads too slowly. */
  | { readonly type: 'trace'; readonly events: readonly TraceEvent[]; readonly missed?: number }
  | { readonly type: 'clock'; readonly askedAtMs: number; readonly atMs: number }
  /** How many of the workload's own readers hear, and what they have heard; told once a second while there are any. */
  | { readonly type: 'readers'; readonly ways: Readonly<Record<Way, ReaderCounts>> }
  | { readonly type: 'line'; readonly event: LineEvent }
  /** What was asked for can not be: nothing has changed. */
  | { readonly type: 'refused'; readonly code: string; readonly detail: string }

export interface ReaderCounts {
  readonly connected: number
  readonly messages: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
  /** From when a message was published to when a reader of the worker heard it, milliseconds; absent before the first. */
  readonly delayP50Ms?: number
  readonly delayP99Ms?: number
}

/** What the line did to a connection. */
export interface LineEvent {
  readonly atMs: number
  readonly what: 'cut' | 'refused-upgrade' | 'held-upgrade' | 'refused-offline' | 'buffered'
  /** The reader's name, the first segment behind the line: `hopper` or `naive`. */
  readonly reader: string
}

/**
 * What happened on a socket of the server, in the order in which it did. A connection of HTTP/1 carries one exchange
 * after another, those of other lanes and of nobody's too; only a lane's are told.
 *
 *     opened → (request → up* → down* → ended)* → closed
 *
 * `bytes` are cut at `longestTracedBytes`, and secrets in heads (Cookie, Authorization) are dots; `byteLength` is true.
 */
export type TraceEvent =
  /** Told before the first exchange of a lane on a connection, with the time at which it was taken. */
  | {
      readonly kind: 'opened'
      readonly connection: number
      readonly lane: Way
      readonly atMs: number
      readonly port: number
    }
  /** A head and what came with it. `isReused`: the connection had carried an exchange before, of whichever lane. */
  | (Traced & {
      readonly kind: 'request'
      readonly connection: number
      readonly isReused: boolean
      readonly ask: number
    })
  /** More from the client: the rest of a body, or frames. */
  | (Traced & { readonly kind: 'up' })
  /** A head, a body, a part of a stream, frames: one write of the server's. */
  | (Traced & { readonly kind: 'down' })
  /** The answer is complete; on a WebSocket or a stream, with its connection. */
  | { readonly kind: 'ended'; readonly exchange: number; readonly lane: Way; readonly atMs: number }
  | {
      readonly kind: 'closed'
      readonly connection: number
      readonly lane: Way
      readonly atMs: number
      /** Whose end came first. */
      readonly by: 'client' | 'server'
    }

interface Traced {
  /** Numbers exchanges in the order of their requests, over all lanes. */
  readonly exchange: number
  readonly lane: Way
  readonly atMs: number
  readonly bytes: ByteString
  readonly byteLength: number
}

export const longestTracedBytes = 16_384

/** A message that a run's server publishes. */
export interface WorkloadMessage {
  /** Counts from 1 over the run. */
  readonly n: number
  /** When it was handed to the log, by the server's clock. */
  readonly atMs: number
  /** Makes it as long as the workload says; a preset's words. */
  readonly text: string
}

/** A message that somebody at the page wrote into a lane. */
export interface SpokenMessage {
  readonly from: Way
  /** Unlike any other of the run. */
  readonly id: string
  /** By the page's clock. */
  readonly atMs: number
  readonly text: string
}
