/** @returns whether a host name or address, without its port, is this machine's own: `localhost`, 127/8, `::1` */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  if (name === '::1' || name === '[::1]') return true
  return /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** `[::1]:80` → `[::1]`, `localhost:4437` → `localhost`; undefined when it is no host. @see RFC 9110 §7.2 */
export function hostName(hostHeader: string): string | undefined {
  return /^(\[[0-9a-fA-F:.]+\]|[^:/?#@[\]]+)(?::\d{0,5})?$/.exec(hostHeader)?.[1]
}
