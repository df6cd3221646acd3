import { plural, sayDelay } from '../../advice/words.js'
import type { Check, CheckContext, Finding } from '../check.js'
import { ask } from '../probe/answer.js'
import { type ProbeChannel, problemCodeOf } from '../probe/channel.js'
import { isMultiplexed, sayHttpVersion } from '../probe/http-version.js'
import { newNonce, nonceMessage } from '../probe/nonce.js'
import { requestMs } from '../probe/request-ms.js'
import { ProbeSocket } from '../probe/socket.js'
import { countUpgradeRequests } from '../probe/upgrade-count.js'
import { late, within } from '../probe/within.js'

export const websocket: Check = {
  id: 'websocket',
  title: 'WebSocket',
  asks: 'Does an upgrade pass, and do frames pass both ways?',

  async run(context, signal) {
    const channel = await context.openChannel()
    const url = channel.url({ live: 'websocket', offset: channel.start })
    context.progress('A WebSocket opens')
    const countedBefore = await countUpgradeRequests(url.origin, signal)
    const startedAtMs = performance.now()
    const socket = new ProbeSocket(url, {}, signal)
    const opening = await within(socket.opening, context.settings.openingMs, signal)
    const tookMs = performance.now() - startedAtMs
    if (opening === 'open') return echo({ channel, socket, openedMs: tookMs, context, signal })

    context.progress('It did not open: the same address is asked for as a page is')
    const countedAfter = await countUpgradeRequests(url.origin, signal)
    const plain = await askPlainly(url, signal)
    const counted =
      countedBefore === undefined || countedAfter === undefined ? undefined : countedAfter - countedBefore
    return notOpened({ isHanging: opening === late, tookMs, counted, plain })
  },
}

interface OpenSocket {
  readonly channel: ProbeChannel
  readonly socket: ProbeSocket
  readonly openedMs: number
  readonly context: CheckContext
  readonly signal: AbortSignal
}

/** What a plain socket sends it hears as well. */
async function echo({ channel, socket, openedMs, context, signal }: OpenSocket): Promise<Finding> {
  const { patienceMs } = context.settings
  const nonce = newNonce()
  const hearing = socket.hears(nonce)
  const sentAtMs = performance.now()
  socket.send(nonceMessage(nonce))
  const heardAtMs = await within(hearing, patienceMs, signal)
  if (heardAtMs === late) return oneWayOnly({ channel, socket, openedMs, context, signal }, nonce)
  const roundTripMs = heardAtMs - sentAtMs
  return {
    verdict: 'works',
    evidence:
      `It opened in ${sayDelay(openedMs)}, and a message that was sent on it came back ${sayDelay(roundTripMs)} later. ` +
      sayVersion(context.httpVersion),
    facts: {
      openedMs: Math.round(openedMs),
      roundTripMs: Math.round(roundTripMs),
      pageCameOver: context.httpVersion,
    },
  }
}

/** A browser opens HTTP/1.1 for a socket, whatever the page came over. @see docs/protocol.md, Connections */
function sayVersion(httpVersion: string): string {
  const cameOver = `The page came over ${sayHttpVersion(httpVersion)}`
  return isMultiplexed(httpVersion)
    ? `${cameOver}; the socket has a connection of HTTP/1.1 to itself.`
    : `${cameOver}.`
}

/** Which direction is it? What was sent may be in the channel; what is published may be heard. */
async function oneWayOnly({ channel, socket, context, signal }: OpenSocket, sent: string): Promise<Finding> {
  const { patienceMs } = context.settings
  context.progress('It opened, but nothing came back: which direction is it?')
  const kept = await ask(channel.url({ offset: channel.start, again: sent }), signal)
  const isUp = kept.kind === 'answered' && kept.text.includes(sent)
  const nonce = newNonce()
  const hearing = socket.hears(nonce)
  await channel.publish(nonce, signal)
  const isDown = (await within(hearing, patienceMs, signal)) !== late
  return {
    verdict: 'broken',
    evidence:
      `It opened, but what was sent on it did not come back in ${sayDelay(patienceMs)}: frames ` +
      `${isUp ? 'reach the server' : 'do not reach the server'}, and ${isDown ? 'do come' : 'none comes'} from it.`,
    advice:
      'Something takes the upgrade and does not pass frames on (a filter, a virus scanner): make an exception of `/v1/`, or serve over TLS, since it can not read `wss:`.',
    facts: { isUp, isDown, patienceMs },
  }
}

/** How the socket's address answers a request that is none for a WebSocket. */
interface PlainAnswer {
  readonly status: number
  /** It is the server's own. */
  readonly isOfServer: boolean
}

async function askPlainly(url: URL, signal: AbortSignal): Promise<PlainAnswer | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
  try {
    const response = await fetch(url, { cache: 'no-store', signal: patience })
    return { status: response.status, isOfServer: (await problemCodeOf(response)) === 'upgrade-required' }
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

interface Unopened {
  readonly isHanging: boolean
  readonly tookMs: number
  /** Requests for a WebSocket that the server has counted meanwhile: 0 proves that ours did not arrive. */
  readonly counted: number | undefined
  readonly plain: PlainAnswer | undefined
}

function notOpened({ isHanging, tookMs, counted, plain }: Unopened): Finding {
  const first = isHanging
    ? `It neither opened nor failed in ${sayDelay(tookMs)}: the upgrade hangs.`
    : `The upgrade was refused after ${sayDelay(tookMs)}; with which status is hidden from pages (the browser’s console has it).`
  const isDropped = !isHanging && counted !== undefined && counted > 0
  const facts = {
    isHanging,
    tookMs: Math.round(tookMs),
    ...(counted !== undefined && { requestsCountedByServer: counted }),
    plainStatus: plain?.status ?? 0,
  }
  return {
    verdict: 'broken',
    evidence: `${first} ${sayArrival(counted, isHanging)}${sayPlain(plain)}`,
    advice: isDropped ? passUpgradeOn : letUpgradeThrough,
    facts,
  }
}

function sayArrival(counted: number | undefined, isHanging: boolean): string {
  if (counted === undefined) return ''
  if (counted === 0)
    return 'It never reached the server, which counted 0 requests for a WebSocket meanwhile. '
  // Others may have opened one in that moment: only that there was none is certain.
  const sayCounted = `The server counted ${counted} ${plural(counted, 'request')} for a WebSocket meanwhile`
  if (isHanging) return `${sayCounted}: it may have answered, and its answer not have come back. `
  return (
    `${sayCounted}, and answers \`426\` to one that has no \`Upgrade\` any more: most likely ` +
    'that header was dropped on the way. '
  )
}

function sayPlain(plain: PlainAnswer | undefined): string {
  if (plain === undefined) return 'A plain request for the same address was not answered either.'
  if (plain.isOfServer) {
    return `A plain request for the same address does reach the server (\`${plain.status}\`, in its own words): it is the upgrade that does not pass.`
  }
  return `A plain request for the same address was answered with \`${plain.status}\`, and not by the server.`
}

const passUpgradeOn =
  'Pass the upgrade on: nginx `proxy_http_version 1.1;`, `proxy_set_header Upgrade $http_upgrade;` and ' +
  '`proxy_set_header Connection $connection_upgrade;`.'

const letUpgradeThrough =
  'Let upgrades through where they end: nginx needs `proxy_set_header Upgrade $http_upgrade;` and ' +
  '`proxy_set_header Connection $connection_upgrade;`, HAProxy nothing; a filter that knows no WebSocket may let `wss:` pass.'
