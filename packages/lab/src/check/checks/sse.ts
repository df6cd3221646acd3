import { sayDelay } from '../../advice/words.js'
import type { Check, CheckContext, Finding } from '../check.js'
import type { ProbeChannel } from '../probe/channel.js'
import { EventStream, type StreamHead } from '../probe/event-stream.js'
import { type ComingBack, comeBack } from '../probe/last-event-id.js'
import { newNonce } from '../probe/nonce.js'
import { late, within } from '../probe/within.js'

/** A browser comes back after about a second, which the server spreads by a fifth, milliseconds. */
const comingBackMs = 1_500

/**
 * Whether something buffers is proven, not guessed from how long an event took: an event that is heard while its
 * stream is open has passed. One that is not may be late; so the stream is ended at the server, and what arrives
 * with its end, and not before, was held back until then.
 */
export const sse: Check = {
  id: 'sse',
  title: 'Server-Sent Events',
  asks: 'Do events arrive while their stream is open, and does a browser come back to where it was?',

  async run(context, signal) {
    const { patienceMs } = context.settings
    const channel = await context.openChannel()
    const stream = new EventStream(channel.url({ live: 'sse', offset: channel.start }), signal)
    const nonce = newNonce()
    const hearing = stream.hears(nonce)
    context.progress('An event stream is open, and a message is published')
    const publishedAtMs = performance.now()
    await channel.publish(nonce, signal)
    const first = await within(Promise.race([hearing, refusal(stream)]), patienceMs, signal)
    if (typeof first === 'number') {
      context.progress('The stream ends, and the browser comes back')
      const patience = { nonce, patienceMs: patienceMs + comingBackMs }
      return passed(first - publishedAtMs, await comeBack(channel, patience, signal))
    }
    if (first !== late) return refused(first)
    return proveBuffering({ channel, stream, hearing, context, signal })
  },
}

/** @returns the head of a stream that is none; never settles for one that is */
async function refusal(stream: EventStream): Promise<StreamHead> {
  const head = await stream.head
  if (head.kind === 'answered' && head.status === 200 && head.isEventStream) return new Promise(() => {})
  return head
}

function passed(delayMs: number, comingBack: ComingBack): Finding {
  const heard = `An event came ${sayDelay(delayMs)} after it was published, while its stream was still open.`
  const facts = { delayMs: Math.round(delayMs), comingBack }
  switch (comingBack) {
    case 'where-it-was':
      return {
        verdict: 'works',
        evidence: `${heard} After the stream’s end the browser came back with \`Last-Event-ID\`, and heard nothing twice.`,
        facts,
      }
    case 'at-the-start':
      return {
        verdict: 'works-with-trouble',
        evidence: `${heard} But when the browser came back after the stream’s end, it heard the same event 2 times: its \`Last-Event-ID\` did not reach the server.`,
        advice:
          'Let the request header `Last-Event-ID` through; until then come back with `offset=` of the last event’s id instead.',
        facts,
      }
    case 'not-seen':
    case 'not-open':
      return {
        verdict: 'works-with-trouble',
        evidence: `${heard} But ${comingBack === 'not-open' ? 'a second stream heard nothing' : 'after the stream’s end the browser was not seen to come back'}.`,
        advice:
          'See whether what is between limits streams or requests per visitor (nginx `limit_conn`, `limit_req`).',
        facts,
      }
  }
}

function refused(head: StreamHead): Finding {
  const said =
    head.kind === 'failed'
      ? 'was cut before it was answered'
      : `was answered with \`${head.status}\`${head.isEventStream ? '' : ', which is no event stream'}`
  return {
    verdict: 'broken',
    evidence: `The request for an event stream ${said}.`,
    advice: 'Let answers of the type `text/event-stream` through.',
    facts: { status: head.kind === 'failed' ? 0 : head.status },
  }
}

interface Silence {
  readonly channel: ProbeChannel
  readonly stream: EventStream
  readonly hearing: Promise<number>
  readonly context: CheckContext
  readonly signal: AbortSignal
}

async function proveBuffering({ channel, stream, hearing, context, signal }: Silence): Promise<Finding> {
  const { patienceMs, proofMs } = context.settings
  context.progress('Nothing came: the stream is ended at the server, to see whether it was held back')
  const closedAtMs = performance.now()
  await channel.close(signal)
  const heardAtMs = await within(hearing, proofMs, signal)
  if (heardAtMs === late) return blocked({ patienceMs, proofMs, isEndHeard: await hasEnded(stream, signal) })
  const afterEndMs = heardAtMs - closedAtMs
  return {
    verdict: 'broken',
    evidence:
      `In ${sayDelay(patienceMs)} nothing came while the stream was open; ${sayDelay(afterEndMs)} after it was ended at the ` +
      'server the event was there: something on the way buffers, and holds an answer back until it is whole.',
    advice:
      'Turn buffering off for `/v1/`: in nginx take `proxy_ignore_headers X-Accel-Buffering` away, or say ' +
      '`proxy_buffering off;`. Where that can not be changed, take long polling, whose answers are whole.',
    facts: { isBuffered: true, patienceMs, heardAfterEndMs: Math.round(afterEndMs) },
  }
}

async function hasEnded(stream: EventStream, signal: AbortSignal): Promise<boolean> {
  return (await within(stream.end, 0, signal)) !== late
}

function blocked(facts: {
  readonly patienceMs: number
  readonly proofMs: number
  readonly isEndHeard: boolean
}): Finding {
  const { patienceMs, proofMs, isEndHeard } = facts
  return {
    verdict: 'broken',
    evidence:
      `In ${sayDelay(patienceMs)} nothing came while the stream was open, and ${sayDelay(proofMs)} after it was ended at the ` +
      `server ${isEndHeard ? 'nothing but its end' : 'nothing'} had come: event streams do not get through.`,
    advice:
      'Let answers of the type `text/event-stream` through, as they come (nginx `proxy_buffering off;`).',
    facts: { isBuffered: false, ...facts },
  }
}
