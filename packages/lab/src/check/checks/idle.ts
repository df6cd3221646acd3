import { subprotocol } from '@tidings/protocol'
import { plural, sayDelay } from '../../advice/words.js'
import type { Check, CheckContext, Facts, Finding } from '../check.js'
import type { ProbeChannel } from '../probe/channel.js'
import { countDown } from '../probe/count-down.js'
import { EventStream } from '../probe/event-stream.js'
import { heartbeatOf, usualHeartbeatMs } from '../probe/heartbeat.js'
import { newNonce } from '../probe/nonce.js'
import { ProbeSocket } from '../probe/socket.js'
import { late, within } from '../probe/within.js'

/** Before the longest wait come these, so that what is cut early is known early, milliseconds. */
const steps = [10_000, 60_000, 300_000]

/** @returns how long connections are left idle, one after the other */
export function idleSteps(idleMs: number): number[] {
  return [...steps.filter((step) => step < idleMs), idleMs]
}

export const idle: Check = {
  id: 'idle',
  title: 'Idle connections',
  asks: 'Do a stream and a socket that were silent for a while still deliver afterwards?',

  async run(context, signal) {
    const lines = await openLines(await context.openChannel(), context, signal)
    if (lines.open.length === 0) return nothingOpen()
    for (const stepMs of idleSteps(context.settings.idleMs)) {
      await leaveIdle(lines, stepMs, context, signal)
      if (lines.open.every(({ fate }) => fate !== undefined)) break
    }
    return findingOf(lines)
  },
}

/** A connection that is left idle. */
interface Line {
  readonly name: 'WebSocket' | 'event stream'
  hears(nonce: string): Promise<number>
  readonly end: Promise<{ readonly atMs: number; readonly isClean: boolean }>
  /** The longest silence that it has stood, milliseconds. */
  stoodMs: number
  /** How long a message took after that, milliseconds. */
  delayMs: number
  /** How it went, when it did. */
  fate: Fate | undefined
}

type Fate =
  | { readonly kind: 'cut' | 'ended'; readonly afterMs: number }
  /** It looks open, and brings nothing. */
  | { readonly kind: 'mute'; readonly afterMs: number }

interface Lines {
  readonly channel: ProbeChannel
  /** Those that delivered before they were left idle. */
  readonly open: readonly Line[]
  /** Those that did not. */
  readonly missing: readonly Line[]
  readonly stream: EventStream
  heartbeatMs: number
}

async function openLines(channel: ProbeChannel, context: CheckContext, signal: AbortSignal): Promise<Lines> {
  context.progress('A WebSocket and an event stream open')
  const stream = new EventStream(channel.url({ live: 'sse', offset: channel.start }), signal)
  let heartbeatMs = usualHeartbeatMs
  const hear = (frame: string) => {
    heartbeatMs = heartbeatOf(frame) ?? heartbeatMs
  }
  const url = channel.url({ live: 'websocket', offset: channel.start })
  const socket = new ProbeSocket(url, { protocol: subprotocol, hear }, signal)
  const candidates: readonly Line[] = [
    line('WebSocket', (nonce) => socket.hears(nonce), socketEnd(socket)),
    line('event stream', (nonce) => stream.hears(nonce), stream.end),
  ]
  const heard = await tell(channel, candidates, context.settings.patienceMs, signal)
  const open = candidates.filter((_, index) => heard[index] !== late)
  const missing = candidates.filter((_, index) => heard[index] === late)
  return { channel, open, missing, stream, heartbeatMs }
}

function line(name: Line['name'], hears: Line['hears'], end: Line['end']): Line {
  return { name, hears, end, stoodMs: 0, delayMs: 0, fate: undefined }
}

/** A socket that was left without a close frame is closed with 1006. @see RFC 6455 §7.1.5 */
async function socketEnd(socket: ProbeSocket): Promise<{ atMs: number; isClean: boolean }> {
  const { atMs, code } = await socket.closing
  return { atMs, isClean: code !== 1006 }
}

/** Publishes a nonce. @returns how long each line took to bring it, milliseconds */
async function tell(
  channel: ProbeChannel,
  lines: readonly Line[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<(number | typeof late)[]> {
  const nonce = newNonce()
  const hearings = lines.map((each) => each.hears(nonce))
  const publishedAtMs = performance.now()
  await channel.publish(nonce, signal)
  const heard = hearings.map((hearing) => within(hearing, patienceMs, signal))
  return (await Promise.all(heard)).map((atMs) => (atMs === late ? late : atMs - publishedAtMs))
}

async function leaveIdle(lines: Lines, stepMs: number, context: CheckContext, signal: AbortSignal) {
  const idleSinceMs = performance.now()
  const left = lines.open.filter(({ fate }) => fate === undefined)
  const stop = countDown(
    stepMs,
    (seconds) => context.progress(`Left idle: ${seconds} of ${stepMs / 1_000} s`),
    signal,
  )
  const watching = left.map(async (each) => {
    const { atMs, isClean } = await each.end
    each.fate ??= { kind: isClean ? 'ended' : 'cut', afterMs: atMs - idleSinceMs }
  })
  await within(Promise.all(watching), stepMs, signal)
  stop()
  const stood = left.filter(({ fate }) => fate === undefined)
  const heard = await tell(lines.channel, stood, context.settings.proofMs, signal)
  for (const [index, each] of stood.entries()) {
    const delayMs = heard[index]
    if (typeof delayMs === 'number') {
      each.stoodMs = stepMs
      each.delayMs = delayMs
    } else {
      each.fate ??= { kind: 'mute', afterMs: stepMs }
    }
  }
}

function nothingOpen(): Finding {
  return {
    verdict: 'skipped',
    evidence: 'Neither a WebSocket nor an event stream delivered anything, so none could be left idle.',
    facts: {},
  }
}

function findingOf({ open, missing, stream, heartbeatMs }: Lines): Finding {
  const ended = open.flatMap(({ fate }) => (fate ? [fate] : []))
  const beats = `The server’s heartbeat comes every ${sayDelay(heartbeatMs)}`
  const facts: Facts = {
    heartbeatMs,
    heartbeatsHeard: stream.heartbeats,
    ...Object.fromEntries(open.flatMap(factsOf)),
  }
  const evidence = [...open.map(sayLine), ...missing.map(sayMissing)].join(' ')
  if (ended.length > 0) {
    const soonestMs = Math.min(...ended.map(({ afterMs }) => afterMs))
    return {
      verdict: ended.some(({ kind }) => kind === 'mute') ? 'broken' : 'works-with-trouble',
      evidence: `${evidence} ${beats}${soonestMs < heartbeatMs ? ', which is too late to keep such a connection alive' : ''}.`,
      advice: adviceFor(soonestMs, heartbeatMs),
      facts,
    }
  }
  const longestMs = Math.max(...open.map(({ stoodMs }) => stoodMs))
  return {
    verdict: 'works',
    evidence:
      longestMs < heartbeatMs
        ? `${evidence} ${beats}, so none is ever silent for longer; to see that heartbeats keep them open, leave them idle for longer.`
        : `${evidence} ${beats} and keeps them open: the stream brought ${stream.heartbeats} ${plural(stream.heartbeats, 'heartbeat')}.`,
    facts,
  }
}

function factsOf({ name, stoodMs, fate }: Line): [string, number | string][] {
  const prefix = name === 'WebSocket' ? 'webSocket' : 'eventStream'
  return [
    [`${prefix}StoodMs`, stoodMs],
    ...(fate
      ? ([
          [`${prefix}Fate`, fate.kind],
          [`${prefix}FateAfterMs`, Math.round(fate.afterMs)],
        ] as [string, number | string][])
      : []),
  ]
}

function sayLine({ name, stoodMs, delayMs, fate }: Line): string {
  switch (fate?.kind) {
    case undefined:
      return `The ${name} was silent for ${sayDelay(stoodMs)} and brought a message ${sayDelay(delayMs)} after it was published.`
    case 'cut':
      return `The ${name} was cut after ${sayDelay(fate.afterMs)} of silence.`
    case 'ended':
      return `The ${name} was ended, in good order, after ${sayDelay(fate.afterMs)} of silence.`
    case 'mute':
      return `The ${name} still looks open after ${sayDelay(fate.afterMs)} of silence, but brings nothing.`
  }
}

function sayMissing({ name }: Line): string {
  return `The ${name} delivered nothing in the first place, and was not left idle.`
}

/** The shortest that the server takes, milliseconds. */
const shortestHeartbeatMs = 100

function adviceFor(afterMs: number, heartbeatMs: number): string {
  const waitLonger = 'nginx `proxy_read_timeout 60s;`, HAProxy `timeout server 50s` and `timeout tunnel 1h`'
  if (afterMs < heartbeatMs) {
    const shorterMs = Math.max(shortestHeartbeatMs, Math.floor(afterMs / 2))
    return `Let what is between wait longer than the heartbeat (${waitLonger}), or let the heart beat faster: \`--heartbeat-ms ${shorterMs}\` (\`TIDINGS_HEARTBEAT_MS\`). Readers come back by themselves, and lose nothing.`
  }
  return `Heartbeats did not help, so a limit on how long a connection may live, or one that does not see them: ${waitLonger}; a stream that the server ends itself has \`--sse-max-age-ms\`. Readers come back by themselves, and lose nothing.`
}
