/** What an event stream said, put together: where its parts were cut is each server's own. */
export interface HeardEvents {
  /** Its data: for a JSON channel the values of all arrays as one, for a binary one the bytes. */
  readonly data: Buffer
  readonly control: Readonly<Record<string, unknown>> | undefined
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export function heardEvents(text: Buffer, kind: 'json' | 'text' | 'binary'): HeardEvents {
  const data: Buffer[] = []
  const values: unknown[] = []
  let control: Record<string, unknown> | undefined
  for (const block of text.toString().split('\n\n').slice(0, -1)) {
    const event = /^event: ?(.*)$/m.exec(block)?.[1]
    const lines = block.split('\n').filter((line) => line.startsWith('data:'))
    const payload = lines.map((line) => line.slice('data:'.length).replace(/^ /, '')).join('\n')
    if (event === 'control') control = JSON.parse(payload)
    if (event !== 'data') continue
    if (kind === 'json') values.push(...valuesOf(payload))
    else data.push(Buffer.from(payload, kind === 'binary' ? 'base64' : 'utf8'))
  }
  return { data: kind === 'json' ? Buffer.from(JSON.stringify(values)) : Buffer.concat(data), control }
}

/** @returns the text itself where it is no array */
function valuesOf(payload: string): unknown[] {
  try {
    return JSON.parse(payload)
  } catch {
    return [`not JSON: ${payload}`]
  }
}

/** Whether a stream has said that nothing more is there now. */
export function hasCaughtUp(text: Buffer): boolean {
  return /"(?:upToDate|streamClosed)":true[^\n]*\n\n/.test(text.toString())
}
