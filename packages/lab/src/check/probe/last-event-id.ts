import type { ProbeChannel } from './channel.js'
import { late, within } from './within.js'

/** What a browser does by itself when a stream ends, and how the network takes it. */
export type ComingBack =
  /** The server knew where it was: nothing came twice. */
  | 'where-it-was'
  /** The same came again: nobody told the server. */
  | 'at-the-start'
  /** It did not come back in time. */
  | 'not-seen'
  /** It was not there in the first place. */
  | 'not-open'

/**
 * Lets an `EventSource` hear what the channel holds, closes the channel, by which the stream ends at the server, and
 * sees what happens when it comes back: its `Last-Event-ID` is the channel's end, which is answered with a 204, and it
 * stops. Where that header is lost it hears everything again.
 *
 * @param patienceMs for each step; a browser waits about a second before it comes back
 * @throws ProbeFailure
 * @see HTML standard, Server-sent events §9.2.3; docs/protocol.md, Server-Sent Events
 */
export async function comeBack(
  channel: ProbeChannel,
  { nonce, patienceMs }: { readonly nonce: string; readonly patienceMs: number },
  signal: AbortSignal,
): Promise<ComingBack> {
  const source = new EventSource(channel.url({ live: 'sse', events: 'message', offset: channel.start }))
  const close = () => source.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    const steps = listen(source, nonce)
    if ((await within(steps.heard, patienceMs, signal)) === late) return 'not-open'
    await channel.close(signal)
    const result = await within(steps.cameBack, patienceMs, signal)
    return result === late ? 'not-seen' : result
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

function listen(source: EventSource, nonce: string) {
  let times = 0
  let hears = () => {}
  const heard = new Promise<void>((resolve) => {
    hears = resolve
  })
  const cameBack = new Promise<ComingBack>((resolve) => {
    source.addEventListener('message', ({ data }) => {
      if (!String(data).includes(nonce)) return
      times++
      hears()
      if (times > 1) resolve('at-the-start')
    })
    source.addEventListener('error', () => {
      if (times > 0 && source.readyState === EventSource.CLOSED) resolve('where-it-was')
    })
  })
  return { heard, cameBack }
}
