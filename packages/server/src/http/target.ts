import { checkChannelName, Problem, path } from '@tidings/protocol'

export type Target =
  | { readonly kind: 'channel'; readonly name: string; readonly query: URLSearchParams }
  | { readonly kind: 'socket' | 'stats' | 'channels' | 'home'; readonly query: URLSearchParams }

/**
 * What a request's target means. The path is read as it was sent: a URL parser would resolve `..` before
 * anybody could refuse it.
 *
 * @param target the request line's, e.g. `/v1/stream/cake?offset=-1`
 * @throws Problem `channel-name-invalid`, `not-implemented` (reserved names), `route-unknown`
 */
export function parseTarget(target: string, maxNameBytes: number): Target {
  // A proxy may send the absolute form. @see RFC 9112 §3.2.2
  const origin = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const mark = origin.indexOf('?')
  const pathname = mark === -1 ? origin : origin.slice(0, mark)
  const query = new URLSearchParams(mark === -1 ? '' : origin.slice(mark + 1))
  if (pathname.startsWith(path.stream)) {
    const name = decodeName(pathname.slice(path.stream.length))
    checkChannelName(name, maxNameBytes)
    return { kind: 'channel', name, query }
  }
  if (pathname === path.socket) return { kind: 'socket', query }
  if (pathname === path.stats) return { kind: 'stats', query }
  if (pathname === path.channels) return { kind: 'channels', query }
  if (pathname === '/' || pathname === '') return { kind: 'home', query }
  throw new Problem(
    'route-unknown',
    `Channels are at ${path.stream}<name>; the documentation lists the rest.`,
  )
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    throw new Problem(
      'channel-name-invalid',
      "The channel's name is not UTF-8 in percent-encoding.",
      {},
      { cause },
    )
  }
}
