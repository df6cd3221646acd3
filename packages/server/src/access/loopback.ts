import { BlockList, isIPv4, isIPv6 } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Hosts that were asked for lately: nearly all requests name one of a few, and each asks for it. */
const known = new Map<string, boolean>()
const maxKnown = 100
const maxKnownLength = 100

/**
 * @param host a name or an address, without its port; an IPv6 address with its brackets or without
 * @returns whether it is this machine's own: `localhost` and names under it, 127/8, `::1`, and 127/8 as IPv6
 */
export function isLoopbackHost(host: string): boolean {
  const answer = known.get(host)
  if (answer !== undefined) return answer
  const isLoopback = isLoopbackName(host)
  if (known.size >= maxKnown) known.clear()
  if (host.length <= maxKnownLength) known.set(host, isLoopback)
  return isLoopback
}

function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (isIPv6(name)) return loopback.check(name, 'ipv6')
  const absolute = name.replace(/\.$/, '')
  if (isIPv4(absolute)) return loopback.check(absolute, 'ipv4')
  return absolute === 'localhost' || /^[^.].*\.localhost$/.test(absolute)
}

/** `[::1]:80` → `[::1]`, `localhost:4437` → `localhost`; undefined when it is no host. @see RFC 9110 §7.2 */
export function hostName(hostHeader: string): string | undefined {
  return /^(\[[0-9a-fA-F:.]+\]|[^:/?#@[\]\s]+)(?::\d{0,5})?$/.exec(hostHeader)?.[1]
}
