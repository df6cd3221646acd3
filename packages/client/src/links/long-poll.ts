import type { ProblemError } from '../problem-error.js'
import { wait } from '../time/clock.js'
import type { Answer } from '../wire/http.js'
import type { Link, LinkOwner } from './link.js'
import { findPlaces } from './look.js'
import { type Network, stood, wasCut } from './network.js'
import { type Asking, StreamsLink } from './streams-link.js'

/** How long the server is asked to hold, milliseconds: less where the network cuts what is silent for so long. */
const longestHoldMs = 25_000

/** From an answer without news to the next request, should something answer that does not hold, milliseconds. */
const minEmptyRoundMs = 250

/**
 * Long polling: ask, and the server answers when there is news or its hold time is over; ask again at once. What
 * was published while no request was open is there when the next one comes, since it asks by offset.
 *
 * The first read is not held: what is there comes at once, and a link that works is known to.
 *
 * @see Durable Streams §5.7; RFC 6202 §2
 */
export function openLongPoll(owner: LinkOwner, network: Network): Link {
  return new StreamsLink('long-poll', owner, network, async (asking) => {
    await findPlaces(asking)
    asking.answered()
    for (;;) {
      const askedAtMs = network.clock.now()
      const asked = asking.url()?.href
      const answer = await hold(asking, Math.min(longestHoldMs, network.quietMs / 2))
      if (!answer) return
      if (answer.body.length > 0) asking.received(answer.body)
      asking.lasting()
      if (asking.url()?.href !== asked) continue
      stood(network)
      await wait(network.clock, askedAtMs + minEmptyRoundMs - network.clock.now(), asking.signal)
    }
  })
}

/** Whether what is between bears a request that is held: one is, for a second. */
export function proveLongPoll(owner: LinkOwner, network: Network): Link {
  return new StreamsLink('long-poll', owner, network, async (asking) => {
    if (await hold(asking, 1_000)) asking.answered()
  })
}

async function hold({ network, signal, url }: Asking, holdMs: number): Promise<Answer | undefined> {
  const to = url('long-poll')
  if (!to || signal.aborted) return undefined
  to.searchParams.set('timeout', String(Math.max(1, Math.floor(holdMs / 1000))))
  const askedAtMs = network.clock.now()
  try {
    return await network.ask(to, { signal, silenceMs: holdMs + network.answerMs })
  } catch (error) {
    // An answer is no cut, whatever it says.
    if (!signal.aborted && (error as ProblemError).status === undefined)
      wasCut(network, network.clock.now() - askedAtMs)
    throw error
  }
}
