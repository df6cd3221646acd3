import { proofPath } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import { wait } from '../time/clock.js'
import { serverUrl } from '../wire/address.js'
import { randomId } from '../wire/random-id.js'
import type { Link, LinkOwner } from './link.js'
import type { Network } from './network.js'
import { eachEvents } from './sse.js'

/**
 * Whether events pass while their stream is open, proven and not guessed from how long one takes: the server says
 * a nonce on a stream, and answers a POST when it has. A nonce that is heard has passed. When the POST is answered
 * and the stream is silent for as long again, something between keeps what it should pass on.
 *
 * @see docs/protocol.md, the proof of a stream
 */
export function proveSse(owner: LinkOwner, network: Network): Link {
  const lifetime = new AbortController()
  const link: Link = { way: 'sse', hear() {}, leave() {}, probe() {}, close: () => lifetime.abort() }
  prove(network, lifetime.signal).then(
    () => lifetime.signal.aborted || owner.up(link),
    (error: ProblemError) => lifetime.signal.aborted || owner.down(link, error),
  )
  return link
}

function prove(network: Network, signal: AbortSignal): Promise<void> {
  const url = serverUrl(network.server, proofPath + randomId())
  return new Promise((resolve, reject) => {
    eachEvents(network, url, signal, (events) => {
      if (events.length > 0) resolve()
    }).then(() => reject(buffered()), reject)
    const askedAtMs = network.clock.now()
    network.ask(url, { method: 'POST', signal, silenceMs: network.answerMs }).then(
      async () => {
        const { clock } = network
        await wait(clock, Math.max(100, 2 * (clock.now() - askedAtMs)), signal)
        reject(buffered())
      },
      // Another node may have been asked than the one that holds the stream, which still may speak.
      () => {},
    )
  })
}

function buffered(): ProblemError {
  const detail = 'Something between keeps event streams back until they end. Turn its buffering off for /v1/.'
  return new ProblemError('stream-buffered', detail, { isTransient: true })
}
