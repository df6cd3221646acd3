import { sayDelay } from '../../advice/words.js'
import type { Check, CheckContext, Finding } from '../check.js'
import { type Answer, ask } from '../probe/answer.js'
import type { ProbeChannel } from '../probe/channel.js'
import { countDown } from '../probe/count-down.js'
import { newNonce } from '../probe/nonce.js'
import { late, within } from '../probe/within.js'

export const longPoll: Check = {
  id: 'long-poll',
  title: 'Long polling',
  asks: 'Is a held request answered when there is news, and may it be held when there is none?',

  async run(context, signal) {
    const channel = await context.openChannel()
    const news = await hearNews(channel, context, signal)
    if ('verdict' in news) return news
    const silence = await holdInSilence(channel, context, signal)
    return findingOf(news, silence, context.settings.holdSeconds)
  },
}

interface News {
  readonly heldMs: number
  /** From publishing to the answer. */
  readonly delayMs: number
}

async function hearNews(
  channel: ProbeChannel,
  { settings, progress }: CheckContext,
  signal: AbortSignal,
): Promise<News | Finding> {
  progress('A poll is held, then a message is published')
  const heldSinceMs = performance.now()
  const polling = ask(channel.url({ live: 'long-poll', offset: channel.start }), signal)
  const early = await within(polling, settings.heldMs, signal)
  if (early !== late) return notHeld(early)

  const nonce = newNonce()
  const publishedAtMs = performance.now()
  await channel.publish(nonce, signal)
  const answer = await within(polling, settings.patienceMs, signal)
  const nowMs = performance.now()
  if (answer === late) return notReleased(settings.patienceMs)
  if (answer.kind === 'answered' && answer.status === 200 && answer.text.includes(nonce)) {
    return { heldMs: publishedAtMs - heldSinceMs, delayMs: nowMs - publishedAtMs }
  }
  return {
    verdict: 'broken',
    evidence: `The held poll ended ${sayEnd(answer)} after ${sayDelay(answer.tookMs)}, and without the message that had been published.`,
    advice: raiseReadTimeout,
    facts: factsOf(answer),
  }
}

function notHeld(answer: Answer): Finding {
  return {
    verdict: 'broken',
    evidence: `Before there was any news the poll ended ${sayEnd(answer)}, after ${sayDelay(answer.tookMs)}: it was not held.`,
    advice:
      answer.kind === 'answered' && answer.status === 204
        ? 'Let the server hold polls for longer (`--long-poll-ms 25000`, `TIDINGS_LONG_POLL_MS`).'
        : raiseReadTimeout,
    facts: factsOf(answer),
  }
}

function notReleased(patienceMs: number): Finding {
  return {
    verdict: 'broken',
    evidence: `A message was published, and the held poll had no answer ${sayDelay(patienceMs)} later.`,
    advice:
      'Something keeps answers back, or asks in the page’s place: let the answers of `/v1/` through as they come ' +
      '(a cache with a lock looks only now and then), or poll shortly.',
    facts: { isAnswered: false, patienceMs },
  }
}

/** From the channel's end, where nothing comes. */
async function holdInSilence(
  channel: ProbeChannel,
  { settings, progress }: CheckContext,
  signal: AbortSignal,
): Promise<Answer | typeof late> {
  const holdMs = settings.holdSeconds * 1_000
  const offset = await channel.publish(newNonce(), signal)
  const stop = countDown(
    holdMs,
    (seconds) => progress(`A poll is held without news: ${seconds} of ${settings.holdSeconds} s`),
    signal,
  )
  const url = channel.url({ live: 'long-poll', offset, timeout: String(settings.holdSeconds) })
  const answer = await within(ask(url, signal), holdMs + settings.patienceMs, signal)
  stop()
  return answer
}

function findingOf(news: News, silence: Answer | typeof late, holdSeconds: number): Finding {
  const released = `A poll that was held for ${sayDelay(news.heldMs)} was answered ${sayDelay(news.delayMs)} after the message was published.`
  const facts = { delayMs: Math.round(news.delayMs), holdSeconds }
  if (silence === late) {
    return {
      verdict: 'works-with-trouble',
      evidence: `${released} One without news had no answer long after its ${holdSeconds} s were over.`,
      advice: raiseReadTimeout,
      facts: { ...facts, isEndHeard: false },
    }
  }
  const heldMs = Math.round(silence.tookMs)
  if (silence.kind === 'answered' && silence.status === 204) {
    return {
      verdict: 'works',
      evidence: `${released} One without news was held for ${sayDelay(heldMs)}, to its end (\`204\`).`,
      facts: { ...facts, heldMs, status: 204 },
    }
  }
  return {
    verdict: 'works-with-trouble',
    evidence: `${released} But one without news was cut ${sayEnd(silence)} after ${sayDelay(heldMs)}; the server holds it for up to ${holdSeconds} s.`,
    advice: `${raiseReadTimeout} Or hold for less than ${sayDelay(heldMs)}: \`timeout=\` in the request, \`TIDINGS_LONG_POLL_MS\` for all.`,
    facts: { ...facts, heldMs, status: silence.kind === 'answered' ? silence.status : 0 },
  }
}

const raiseReadTimeout =
  'Let what is between wait longer than a poll is held: nginx `proxy_read_timeout 60s;`, HAProxy `timeout server 50s`.'

function sayEnd(answer: Answer): string {
  return answer.kind === 'cut' ? 'with its connection cut' : `with \`${answer.status}\``
}

function factsOf(answer: Answer) {
  return { status: answer.kind === 'cut' ? 0 : answer.status, tookMs: Math.round(answer.tookMs) }
}
