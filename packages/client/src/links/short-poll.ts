import { wait } from '../time/clock.js'
import type { Link, LinkOwner } from './link.js'
import { type Look, lookOnce } from './look.js'
import type { Network } from './network.js'
import { StreamsLink } from './streams-link.js'

/**
 * Short polling: ask, take what is new or "nothing", wait for the interval, ask again. While the server has more
 * than it sent, the next request follows at once. An empty answer's ETag goes back, so that the next is a bare 304.
 *
 * @see Durable Streams §5.6
 */
export function openShortPoll(owner: LinkOwner, network: Network): Link {
  return new StreamsLink('short-poll', owner, network, async (asking) => {
    let last: Look | undefined
    while (!asking.signal.aborted) {
      const look = await lookOnce(asking, last)
      if (!look) return
      asking.answered()
      if (last) asking.lasting()
      last = look
      if (!look.hasMore) await wait(network.clock, network.intervalMs, asking.signal)
    }
  })
}
