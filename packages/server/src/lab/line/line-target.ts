import { labPath } from '@tidings/protocol'

export interface LineTarget {
  readonly run: string
  /** Who reads over the line, as the page names it. */
  readonly reader: string
  /** What goes in front of the server's own paths. */
  readonly prefix: string
}

const form = new RegExp(`^${labPath.line}([0-9a-f]+)/([a-z-]{1,32})(?=/v1/)`)

/** @returns undefined for a path that is no line's */
export function parseLineTarget(pathname: string): LineTarget | undefined {
  const [prefix, run, reader] = form.exec(pathname) ?? []
  if (prefix === undefined || run === undefined || reader === undefined) return undefined
  return { run, reader, prefix }
}
