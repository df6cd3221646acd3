import { checkChannelName, Problem, path } from '@tidings/protocol'
import { type HttpRequest, headerText } from './http-request.js'

export type Target =
  | { readonly kind: 'channel'; readonly name: string; readonly query: URLSearchParams }
  | { readonly kind: 'other'; readonly pathname: string; readonly query: URLSearchParams }
  | {
      readonly kind: 'socket' | 'stats' | 'channels' | 'streams' | 'backup' | 'home'
      readonly query: URLSearchParams
    }

/** Nobody changes it. */
const noQuery = new URLSearchParams()

/** The scheme and the authority of a target in absolute form, as clients send it to a proxy. */
const absoluteForm = /^https?:\/\/([^/?#]*)/i

/**
 * What a request's target means. The path is read as it was sent: a URL parser would resolve `..` before
 * anybody could refuse it.
 *
 * @param target the request line's, e.g. `/v1/stream/cake?offset=-1`
 * @returns `other` for what only a mount may know
 * @throws Problem `channel-name-invalid`, `not-implemented` (reserved names)
 */
export function parseTarget(target: string, maxNameBytes: number): Target {
  const origin = target.replace(absoluteForm, '')
  const mark = origin.indexOf('?')
  const pathname = mark === -1 ? origin : origin.slice(0, mark)
  const query = mark === -1 ? noQuery : new URLSearchParams(origin.slice(mark + 1))
  if (pathname.startsWith(path.stream)) {
    const name = decodeName(pathname.slice(path.stream.length))
    checkChannelName(name, maxNameBytes)
    return { kind: 'channel', name, query }
  }
  if (pathname === path.socket) return { kind: 'socket', query }
  if (pathname === path.stats) return { kind: 'stats', query }
  if (pathname === path.channels) return { kind: 'channels', query }
  if (pathname === path.streams) {
    // A query's parser puts another character in the place of what is no UTF-8: that would be another name.
    decodeName(mark === -1 ? '' : origin.slice(mark + 1))
    return { kind: 'streams', query }
  }
  if (pathname === path.backup) return { kind: 'backup', query }
  if (pathname === '/' || pathname === '') return { kind: 'home', query }
  return { kind: 'other', pathname, query }
}

export function routeUnknown(): Problem {
  return new Problem(
    'route-unknown',
    `Channels are at ${path.stream}<name>; the documentation lists the rest.`,
  )
}

/**
 * Whom the client means to speak to: the target's own authority when it has one (in HTTP/2 that is a header of
 * its own), else `Host`.
 *
 * @returns undefined for an HTTP/1.0 request that does not say
 * @throws Problem `request-malformed`
 * @see RFC 9112 §3.2, §3.2.2; RFC 9113 §8.3.1
 */
export function requestedHost(request: HttpRequest): string | undefined {
  const authority = headerText(request, ':authority')
  const [host, ...more] = headerLines(request, 'host')
  if (more.length > 0) throw new Problem('request-malformed', 'Send one Host header.')
  if (host === undefined && authority === undefined && request.httpVersion !== '1.0') {
    throw new Problem('request-malformed', 'HTTP/1.1 has a Host header, HTTP/2 an :authority.')
  }
  if (authority !== undefined) {
    if (host === undefined || host.toLowerCase() === authority.toLowerCase()) return authority
    throw new Problem('request-malformed', 'Host and :authority name the same, or Host is not sent.')
  }
  return absoluteForm.exec(request.url ?? '')?.[1] ?? host
}

function headerLines({ rawHeaders }: HttpRequest, name: string): string[] {
  const values: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] as string
    if (candidate.length === name.length && candidate.toLowerCase() === name) {
      values.push(rawHeaders[index + 1] as string)
    }
  }
  return values
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
