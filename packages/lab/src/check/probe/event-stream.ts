import { NonceEar } from './nonce.js'

/** How an event stream began: `failed` when there was no answer. */
export type StreamHead =
  | { readonly kind: 'answered'; readonly status: number; readonly isEventStream: boolean }
  | { readonly kind: 'failed' }

export interface StreamEnd {
  /** By `performance.now()`. */
  readonly atMs: number
  /** Its end was said; otherwise the connection broke. */
  readonly isClean: boolean
}

/**
 * An event stream read with `fetch`, which tells what an `EventSource` hides: the status, and comments.
 *
 * @see HTML standard, Server-sent events §9.2.5
 */
export class EventStream {
  /** Never rejected. */
  readonly head: Promise<StreamHead>
  /** Never rejected. */
  readonly end: Promise<StreamEnd>
  /** Comments that came: the server's heartbeats. */
  heartbeats = 0
  readonly #ear = new NonceEar()
  readonly #lifetime: AbortSignal

  constructor(url: URL, signal: AbortSignal) {
    this.#lifetime = signal
    // Without the browser's cache, whose lock makes like requests wait for each other.
    const response = fetch(url, { cache: 'no-store', headers: { accept: 'text/event-stream' }, signal })
    this.head = response.then(
      ({ status, headers }) => ({ kind: 'answered', status, isEventStream: isEventStream(headers) }),
      () => ({ kind: 'failed' }),
    )
    this.end = this.#read(response).then(
      () => ({ atMs: performance.now(), isClean: !signal.aborted }),
      () => ({ atMs: performance.now(), isClean: false }),
    )
  }

  /** @see NonceEar.hears */
  hears(nonce: string): Promise<number> {
    return this.#ear.hears(nonce)
  }

  async #read(response: Promise<Response>): Promise<void> {
    const { body } = await response
    if (body === null) return
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    let isLineStart = true
    for (;;) {
      const { value, done } = await reader.read()
      if (done || this.#lifetime.aborted) return
      this.heartbeats += countComments(value, isLineStart)
      isLineStart = value.endsWith('\n')
      this.#ear.take(value)
    }
  }
}

/** Lines that begin with a colon. */
function countComments(piece: string, isLineStart: boolean): number {
  return (`${isLineStart ? '\n' : ''}${piece}`.match(/\n:/g) ?? []).length
}

function isEventStream(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false
}
