import { labChannelPrefix, labPath, path } from '@tidings/protocol'

export interface LineTarget {
  readonly run: string
  /** Who reads over the line, as the page names it. */
  readonly reader: string
  /** What goes in front of the server's own paths. */
  readonly prefix: string
}

/**
 * The line leads to its run's own channel, and to a socket for it: whoever is on it asks from the server's own address,
 * from which more may be allowed.
 */
const behind = `(?:${path.stream}${labChannelPrefix}\\2|${path.socket})`
const form = new RegExp(`^(${labPath.line}([0-9a-f]+)/([a-z-]{1,32}))${behind}$`)

/** @returns undefined for a path that is no line's */
export function parseLineTarget(pathname: string): LineTarget | undefined {
  const [, prefix, run, reader] = form.exec(pathname) ?? []
  if (prefix === undefined || run === undefined || reader === undefined) return undefined
  return { run, reader, prefix }
}
