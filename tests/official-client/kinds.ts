import { type LiveMode, stream } from '@durable-streams/client'

export type Kind = 'json' | 'text' | 'binary'

export const contentTypes: Record<Kind, string> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  binary: 'application/octet-stream',
}

/** Messages as the client appends them, and as text that can be compared with what it reads. */
export function messageOf(kind: Kind, index: number): { body: string | Uint8Array; text: string } {
  if (kind === 'json') return { body: JSON.stringify({ index, cake: 'é🍰' }), text: `${index}|` }
  if (kind === 'text') return { body: ` ${index} é🍰\n|`, text: ` ${index} é🍰\n|` }
  const body = Uint8Array.from([index, 255, 0, 10, 13, 124])
  return { body, text: Buffer.from(body).toString('latin1') }
}

export const textOf = (kind: Kind, from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => messageOf(kind, from + at).text).join('')

/** What one read of the client heard, and where it would go on. */
export interface Heard {
  readonly text: string
  readonly offset: string
  readonly closed: boolean
}

/**
 * Reads with the client's own `stream()`, through the subscription of the kind.
 *
 * @param isEnough when to cancel; a catch-up read and a closed channel end by themselves
 */
export async function hear(
  url: string,
  kind: Kind,
  { live, offset }: { live: LiveMode; offset: string },
  isEnough: (text: string) => boolean = () => false,
): Promise<Heard> {
  const response = await stream<{ index: number }>({ url, live, offset })
  // `response.closed` says that nothing more comes from the server, not that all of it was handed over.
  const heard = new Promise<Heard>((resolve, reject) => {
    let text = ''
    const hears = (more: string, at: { offset: string; upToDate: boolean; streamClosed: boolean }) => {
      text += more
      if (at.streamClosed || (live === false && at.upToDate) || isEnough(text)) {
        resolve({ text, offset: at.offset, closed: at.streamClosed })
      }
    }
    response.closed.catch(reject)
    if (kind === 'json') {
      response.subscribeJson((batch) => hears(batch.items.map(({ index }) => `${index}|`).join(''), batch))
    } else if (kind === 'text') response.subscribeText((chunk) => hears(chunk.text, chunk))
    else response.subscribeBytes((chunk) => hears(Buffer.from(chunk.data).toString('latin1'), chunk))
  })
  try {
    return await heard
  } finally {
    response.cancel()
  }
}
