const names: Readonly<Record<string, string>> = {
  'http/1.0': 'HTTP/1.0',
  'http/1.1': 'HTTP/1.1',
  h2: 'HTTP/2',
  h3: 'HTTP/3',
}

/** @param alpn as `nextHopProtocol` has it; empty or unknown to us where a browser does not tell */
export function sayHttpVersion(alpn: string): string {
  return names[alpn] ?? 'a version of HTTP that the browser does not tell'
}

/** Requests share a connection, so that none has to wait for one. @see RFC 9113 §5; RFC 9114 §6 */
export function isMultiplexed(alpn: string): boolean {
  return alpn === 'h2' || alpn === 'h3'
}
