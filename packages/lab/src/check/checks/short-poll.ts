import { header } from '@tidings/protocol'
import { plural, sayDelay } from '../../advice/words.js'
import type { Check, Finding } from '../check.js'
import { type Answer, ask } from '../probe/answer.js'
import type { ProbeChannel } from '../probe/channel.js'
import { type ConnectionUse, ConnectionWatch } from '../probe/connection-use.js'
import { newNonce } from '../probe/nonce.js'
import { requestMs } from '../probe/request-ms.js'
import { within } from '../probe/within.js'

/** Enough to tell a connection that is kept from one for each request. */
const rounds = 3
/** In each round: before, unchanged, after. */
const asksPerRound = 3

/** How long to wait for what the browser tells of its connections, milliseconds. */
const timingPatienceMs = 500

export const shortPoll: Check = {
  id: 'short-poll',
  title: 'Short polling',
  asks: 'Is every answer the server’s own and of this moment, and is an empty one as small as it can be?',

  async run(context, signal) {
    const channel = await context.openChannel()
    const watch = new ConnectionWatch(channel.url({}).href, signal)
    const seen = { tookMs: [] as number[], unchanged: 0 }
    let offset = channel.start
    for (let round = 1; round <= rounds; round++) {
      context.progress(`Asks, publishes, asks again: ${round} of ${rounds}`)
      const result = await askAround({ channel, offset, signal })
      if ('verdict' in result) return result
      seen.tookMs.push(result.tookMs)
      if (result.isUnchangedSaid) seen.unchanged++
      offset = result.nextOffset
    }
    // And the messages in between.
    await within(watch.told(rounds * (asksPerRound + 1)), timingPatienceMs, signal)
    return findingOf(seen, watch.use)
  },
}

interface Asking {
  readonly channel: ProbeChannel
  readonly offset: string
  readonly signal: AbortSignal
}

interface Round {
  readonly tookMs: number
  /** An empty answer came as a 304. */
  readonly isUnchangedSaid: boolean
  readonly nextOffset: string
}

async function askAround({ channel, offset, signal }: Asking): Promise<Round | Finding> {
  const url = channel.url({ offset })
  const poll = async (headers?: HeadersInit) => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
    const answer = await ask(url, patience, headers)
    signal.throwIfAborted()
    return answer
  }
  const before = await poll()
  if (before.kind === 'cut' || before.status !== 200) return refused(before)
  const tag = before.headers.get('etag')
  const unchanged = await poll(tag === null ? undefined : { 'if-none-match': tag })

  const nonce = newNonce()
  await channel.publish(nonce, signal)
  const after = await poll()
  if (after.kind === 'cut' || after.status !== 200) return refused(after)
  if (!after.text.includes(nonce)) return stale(channel, { offset, nonce, signal })
  return {
    tookMs: after.tookMs,
    isUnchangedSaid: unchanged.kind === 'answered' && unchanged.status === 304,
    nextOffset: after.headers.get(header.nextOffset) ?? offset,
  }
}

function refused(answer: Answer): Finding {
  const said = answer.kind === 'cut' ? 'not answered' : `answered with ${answer.status}`
  return {
    verdict: 'broken',
    evidence: `A plain \`GET\` was ${said} after ${sayDelay(answer.tookMs)}; it should be \`200\` at once.`,
    advice: 'Let `GET` and `POST` through to `/v1/`: nothing else is needed for short polling.',
    facts: { status: answer.kind === 'cut' ? 0 : answer.status, tookMs: Math.round(answer.tookMs) },
  }
}

/** The same question under another address, which no cache can have seen, tells whose mistake it is. */
async function stale(
  channel: ProbeChannel,
  {
    offset,
    nonce,
    signal,
  }: { readonly offset: string; readonly nonce: string; readonly signal: AbortSignal },
): Promise<Finding> {
  const fresh = await ask(channel.url({ offset, again: nonce }), signal)
  signal.throwIfAborted()
  const isFreshElsewhere = fresh.kind === 'answered' && fresh.text.includes(nonce)
  return {
    verdict: 'broken',
    evidence: isFreshElsewhere
      ? 'After a message was published, the same address was still answered without it, while an address that ' +
        'nobody had asked before had it: a cache on the way gives out old answers.'
      : 'After a message was published, polls were still answered without it, at 2 of 2 addresses: something on ' +
        'the way answers in the server’s place.',
    advice:
      'Do not cache `/v1/` beyond what its answers allow (`Cache-Control: no-cache`): in nginx take ' +
      '`proxy_ignore_headers Cache-Control` and `proxy_cache_valid` away, or say `proxy_cache off;`.',
    facts: { isStale: true, isFreshAtAnotherAddress: isFreshElsewhere },
  }
}

function findingOf(
  seen: { readonly tookMs: readonly number[]; readonly unchanged: number },
  use: ConnectionUse,
): Finding {
  const slowestMs = Math.max(...seen.tookMs)
  // Clocks of browsers are coarse: a connection that is opened in no time is not seen.
  const paysEachTime = use.opened * 2 > use.requests
  const isTagLost = seen.unchanged < rounds
  const sentences = [
    `${rounds} of ${rounds} messages were in the next answer, the slowest after ${sayDelay(slowestMs)}.`,
    isTagLost
      ? `Of ${rounds} polls that had all there is, ${seen.unchanged} were answered with a bare \`304\`.`
      : `An empty answer came as a bare \`304\`, ${rounds} times of ${rounds}.`,
    sayUse(use, paysEachTime),
  ]
  const advice = [
    ...(isTagLost
      ? [
          'Something drops or rewrites `ETag` and `If-None-Match`: leave compression of `/v1/` to the server (nginx `gzip off;`).',
        ]
      : []),
    ...(paysEachTime
      ? [
          'Keep visitors’ connections: nginx `keepalive_timeout 75s;` (it is `0` where this happens), HAProxy without `option httpclose`.',
        ]
      : []),
  ]
  return {
    verdict: advice.length === 0 ? 'works' : 'works-with-trouble',
    evidence: sentences.filter((sentence) => sentence !== '').join(' '),
    ...(advice.length > 0 && { advice: advice.join(' ') }),
    facts: {
      rounds,
      notModified: seen.unchanged,
      slowestMs: Math.round(slowestMs),
      requestsTimed: use.requests,
      connectionsOpened: use.opened,
    },
  }
}

function sayUse({ requests, opened }: ConnectionUse, paysEachTime: boolean): string {
  if (requests === 0) return ''
  if (paysEachTime) return `${opened} of ${requests} requests had to open a connection first.`
  if (opened === 0) return `${requests} requests went over connections that were open already.`
  return `${requests} requests opened ${opened} ${plural(opened, 'connection')}, and share what is open.`
}
