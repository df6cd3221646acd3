import { connectionFailed, type ProblemError, problemFromAnswer } from '../problem-error.js'
import { type Clock, SilenceWatch, systemClock } from '../time/clock.js'

export type Fetch = (url: URL | string, init?: RequestInit) => Promise<Response>

export interface HttpOptions {
  /** Default: the runtime's own. */
  readonly fetch?: Fetch
  /** Sent with every request, for instance `authorization`; a WebSocket's upgrade takes none. */
  readonly headers?: Readonly<Record<string, string>>
  readonly clock?: Clock
}

export interface ExchangeRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal | undefined
  /** Longest time without a byte of the answer, milliseconds. */
  readonly silenceMs: number
}

/** A whole answer: 2xx or 304. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** How long an answer that is not held back by the server may stay away, milliseconds. */
export const answerSilenceMs = 30_000

/** As much of an error's body as is read: problem details have a few hundred bytes, a proxy's page may have more. */
const maxProblemBytes = 64 * 1024

/**
 * A request and its answer.
 *
 * @throws ProblemError `connection-failed` when no whole answer came; else what the status stands for. When
 * `signal` aborts it throws as well: look at the signal first
 */
export async function ask(url: URL, request: ExchangeRequest, options: HttpOptions): Promise<Answer> {
  const exchange = await Exchange.start(url, request, options)
  try {
    const body = await gather(exchange.chunks(), Number.POSITIVE_INFINITY)
    return { status: exchange.response.status, headers: exchange.response.headers, body }
  } finally {
    exchange.close()
  }
}

/** A request whose answer is read as it comes. Who starts one closes it. */
export class Exchange {
  readonly response: Response
  readonly #watch: Watch
  #isWhole = false

  private constructor(response: Response, watch: Watch) {
    this.response = response
    this.#watch = watch
    if (response.body === null) this.#isWhole = true
  }

  /** @throws ProblemError as `ask` does */
  static async start(url: URL, request: ExchangeRequest, options: HttpOptions): Promise<Exchange> {
    // A local name: a browser's fetch refuses to be called as a method of something else.
    const fetch = options.fetch ?? globalThis.fetch
    const watch = new Watch(options.clock ?? systemClock, request)
    let response: Response
    try {
      response = await fetch(url, {
        method: request.method ?? 'GET',
        headers: { ...options.headers, ...request.headers },
        // A cast, since the types of buffers that are shared have come between (TypeScript 5.7).
        ...(request.body === undefined ? {} : { body: request.body as BodyInit }),
        signal: watch.signal,
      })
    } catch (error) {
      watch.stop()
      throw watch.trouble(error)
    }
    const exchange = new Exchange(response, watch)
    if (response.ok || response.status === 304) return exchange
    throw await exchange.#problem()
  }

  /** @throws ProblemError `connection-failed` when the answer breaks off or falls silent */
  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    if (this.response.body === null) return
    const reader = this.response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw this.#watch.trouble(error)
      })
      if (done) break
      // A consumer that is slow to come back leaves bytes unread: that is not the server's silence.
      this.#watch.silence.pause()
      yield value
      this.#watch.silence.resume()
    }
    this.#isWhole = true
  }

  /** Frees the connection; one whose answer was read to its end may be used again. */
  close(): void {
    this.#watch.stop()
    if (!this.#isWhole) this.#watch.abort()
  }

  async #problem(): Promise<ProblemError> {
    const { status, headers } = this.response
    try {
      const bytes = await gather(this.chunks(), maxProblemBytes)
      return problemFromAnswer(status, headers, new TextDecoder().decode(bytes))
    } finally {
      this.close()
    }
  }
}

/** Aborts one request when its owner does, or when it falls silent. */
class Watch {
  readonly #controller = new AbortController()
  readonly silence: SilenceWatch
  readonly #owner: AbortSignal | undefined
  readonly #silenceMs: number
  #isSilent = false

  constructor(clock: Clock, request: ExchangeRequest) {
    this.#owner = request.signal
    this.#silenceMs = request.silenceMs
    this.silence = new SilenceWatch(clock, request.silenceMs, () => {
      this.#isSilent = true
      this.abort()
    })
    if (this.#owner?.aborted) this.abort()
    else this.#owner?.addEventListener('abort', this.abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  readonly abort = (): void => this.#controller.abort()

  stop(): void {
    this.silence.stop()
    this.#owner?.removeEventListener('abort', this.abort)
  }

  trouble(cause: unknown): ProblemError {
    if (this.#isSilent) return connectionFailed(`Nothing came for ${this.#silenceMs} ms.`, cause)
    const why = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : ''
    return connectionFailed(`The server can not be reached, or the answer broke off${why}.`, cause)
  }
}

async function gather(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    bytes += chunk.byteLength
    if (bytes >= maxBytes) break
  }
  if (parts.length === 1) return parts[0] as Uint8Array
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
