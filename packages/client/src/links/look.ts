import type { Asking } from './streams-link.js'

/** What a read that is not held said beside its envelopes. */
export interface Look {
  readonly href: string
  readonly tag: string | undefined
  /** Ask again at once. */
  readonly hasMore: boolean
}

/** One read that is not held: what is new, and where the channels are. @returns undefined when none is left to hear */
export async function lookOnce(asking: Asking, last?: Look): Promise<Look | undefined> {
  const { network, signal } = asking
  const url = asking.url()
  if (!url) return undefined
  const { href } = url
  // The tag holds for the very URL that was asked.
  const headers: Record<string, string> = last?.tag && last.href === href ? { 'if-none-match': last.tag } : {}
  const answer = await network.ask(url, { headers, signal, silenceMs: network.answerMs })
  if (answer.status === 304) return { href, tag: last?.tag, hasMore: false }
  const envelopes = asking.received(answer.body)
  const wantsMore = !asking.isPlaced() || envelopes.some(({ upToDate }) => upToDate === false)
  // A server that claims more and gives nothing is not asked in a spin.
  const hasMore = wantsMore && asking.url()?.href !== href
  return { href, tag: answer.headers.get('etag') ?? undefined, hasMore }
}

/** Reads until each channel's place is an offset. `now` and `last` of a second request would be other places. */
export async function findPlaces(asking: Asking): Promise<void> {
  let look: Look | undefined
  do look = await lookOnce(asking, look)
  while (look?.hasMore && !asking.isPlaced())
}
