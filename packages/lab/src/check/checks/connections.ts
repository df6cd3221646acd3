import { path } from '@tidings/protocol'
import type { Check, CheckContext, Finding } from '../check.js'
import type { ProbeChannel } from '../probe/channel.js'
import { EventStream, type StreamHead } from '../probe/event-stream.js'
import { isMultiplexed, sayHttpVersion } from '../probe/http-version.js'
import { late, within } from '../probe/within.js'

/** One more than browsers open to a host over HTTP/1.1. */
const streamCount = 7

export const connections: Check = {
  id: 'connections',
  title: 'Many connections',
  asks: `Can a page keep ${streamCount} event streams open at once?`,

  async run(context, signal) {
    const channel = await context.openChannel()
    const streams = Array.from({ length: streamCount }, (_, index) => new Attempt(channel, index, signal))
    try {
      return await count(new Set(streams), context, signal)
    } finally {
      // At once: until they are closed no other request of this page passes.
      for (const stream of streams) stream.close()
    }
  },
}

/** A stream that may have to wait for its connection. */
class Attempt {
  /** When it is answered. */
  readonly settled: Promise<{ readonly attempt: Attempt; readonly head: StreamHead }>
  readonly #lifetime = new AbortController()

  constructor(channel: ProbeChannel, index: number, signal: AbortSignal) {
    const url = channel.url({ live: 'sse', offset: channel.start, number: String(index) })
    const stream = new EventStream(url, AbortSignal.any([signal, this.#lifetime.signal]))
    this.settled = stream.head.then((head) => ({ attempt: this, head }))
  }

  close(): void {
    this.#lifetime.abort()
  }
}

async function count(waiting: Set<Attempt>, context: CheckContext, signal: AbortSignal): Promise<Finding> {
  const { settings, httpVersion } = context
  const open: Attempt[] = []
  let refused = 0
  while (waiting.size > 0) {
    context.progress(`${open.length} of ${streamCount} event streams are open`)
    const next = await within(firstOf(waiting), settings.quietMs, signal)
    if (next === late) break
    waiting.delete(next.attempt)
    if (isOpen(next.head)) open.push(next.attempt)
    else refused++
  }
  const first = open[0]
  if (!first) return noneOpen(settings.quietMs)
  if (open.length === streamCount) return allOpen(httpVersion)
  if (waiting.size === 0) return someRefused(open.length, refused)

  context.progress(`${open.length} are open and the rest waits: one is closed, to see whether another opens`)
  first.close()
  const next = await within(firstOf(waiting), settings.patienceMs, signal)
  return next !== late && isOpen(next.head) ? wall(open.length, httpVersion) : stuck(open.length)
}

function firstOf(waiting: Set<Attempt>) {
  return Promise.race(Array.from(waiting, ({ settled }) => settled))
}

function isOpen(head: StreamHead): boolean {
  return head.kind === 'answered' && head.status === 200 && head.isEventStream
}

function allOpen(httpVersion: string): Finding {
  return {
    verdict: 'works',
    evidence: isMultiplexed(httpVersion)
      ? `All ${streamCount} event streams opened at once: ${sayHttpVersion(httpVersion)} carries them on one connection.`
      : `All ${streamCount} event streams opened at once: this browser opens more connections than most.`,
    facts: { asked: streamCount, openAtOnce: streamCount },
  }
}

const howToNeedFewer =
  `Hear many channels on one stream (\`${path.streams}?stream=cake@now&stream=tea@now&live=sse\`), ` +
  'serve over TLS with HTTP/2 (nginx `listen 443 ssl http2;`, or `--tls-cert` and `--tls-key`), or take a WebSocket, ' +
  'which does not count.'

/** @see RFC 9112 §9.4: a client ought to limit its connections */
function wall(openCount: number, httpVersion: string): Finding {
  return {
    verdict: 'works-with-trouble',
    evidence:
      `${openCount} of ${streamCount} event streams opened and the rest waited; when one was closed, another opened. ` +
      `So many connections does this browser open to a host over ${sayHttpVersion(httpVersion)}, all its tabs together: the next stream or request would wait for ever.`,
    advice: howToNeedFewer,
    facts: { asked: streamCount, openAtOnce: openCount, opensWhenOneCloses: true },
  }
}

function stuck(openCount: number): Finding {
  return {
    verdict: 'works-with-trouble',
    evidence: `${openCount} of ${streamCount} event streams opened; the rest did not, also when one was closed: it is not the browser that limits them.`,
    advice: `See whether what is between limits streams per visitor (nginx \`limit_conn\`, HAProxy \`maxconn\`). ${howToNeedFewer}`,
    facts: { asked: streamCount, openAtOnce: openCount, opensWhenOneCloses: false },
  }
}

function someRefused(openCount: number, refused: number): Finding {
  return {
    verdict: 'works-with-trouble',
    evidence: `${openCount} of ${streamCount} event streams opened, and ${refused} were refused.`,
    advice: `Raise the limit of streams per visitor where there is one (nginx \`limit_conn\`, \`--max-connections\`). ${howToNeedFewer}`,
    facts: { asked: streamCount, openAtOnce: openCount, refused },
  }
}

function noneOpen(quietMs: number): Finding {
  return {
    verdict: 'skipped',
    evidence: `None of ${streamCount} event streams opened in ${quietMs / 1_000} s, so there was nothing to count.`,
    facts: { asked: streamCount, openAtOnce: 0 },
  }
}
