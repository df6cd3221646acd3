import { channelNameFault, encodeChannelName, path } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'

/** Where a channel is. */
export interface ChannelAddress {
  /** The server's URL, `http:` or `https:`; a path before `/v1` is kept. */
  readonly server: string
  readonly channel: string
}

/**
 * @throws ProblemError `address-invalid`, or `channel-name-invalid` (a segment `..` would name another
 * channel once a URL parser has seen it)
 */
export function channelUrl(address: ChannelAddress): URL {
  checkName(address.channel)
  return serverUrl(address.server, path.stream + encodeChannelName(address.channel))
}

/** @throws ProblemError `channel-name-invalid` */
export function checkName(channel: string): void {
  const fault = channelNameFault(channel, Number.POSITIVE_INFINITY)
  if (fault !== undefined) throw new ProblemError('channel-name-invalid', fault)
}

/** The URL of a read: what is undefined is left out. */
export function readUrl(address: ChannelAddress, query: Record<string, string | number | undefined>): URL {
  const url = channelUrl(address)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  return url
}

export function socketUrl(server: string): URL {
  const url = serverUrl(server, path.socket)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}

/** @param route begins with a slash, percent-encoded */
export function serverUrl(server: string, route: string): URL {
  if (!URL.canParse(server)) {
    throw new ProblemError('address-invalid', `${JSON.stringify(server)} is not the URL of a server.`)
  }
  const url = new URL(server)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ProblemError(
      'address-invalid',
      `A server's URL begins with http: or https:, not ${url.protocol}`,
    )
  }
  return new URL(url.origin + url.pathname.replace(/\/+$/, '') + route)
}
