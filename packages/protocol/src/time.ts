const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/

/**
 * @returns milliseconds since 1970, or undefined when `text` is no time
 * @see RFC 3339 §5.6
 */
export function parseTime(text: string): number | undefined {
  const day = rfc3339.exec(text)?.[1]
  const timeMs = Date.parse(text)
  if (day === undefined || Number.isNaN(timeMs)) return undefined
  // `Date` takes the 31st of February for the 3rd of March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? timeMs : undefined
}
