import { connectionFailed, problemFromAnswer } from '../problem-error.js'
import { type Clock, SilenceWatch, systemClock } from '../time/clock.js'

export type Fetch = (url: URL | string, init?: RequestInit) => Promise<Response>

export interface HttpOptions {
  /** Default: the runtime's own. */
  readonly fetch?: Fetch | undefined
  /** Sent with every request, for instance `authorization`; a WebSocket's upgrade takes none. */
  readonly headers?: Readonly<Record<string, string>>
  readonly clock?: Clock
}

export interface ExchangeRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  /** Longest time without a byte of the answer, milliseconds. */
  readonly silenceMs: number
  /** Until the first byte of its body. Default: the same. */
  readonly firstMs?: number
}

/** A whole answer: 2xx or 304. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** A request whose answer is read as it comes. Who starts one closes it. */
export interface Exchange {
  readonly response: Response
  /** @throws ProblemError `connection-failed` when the answer breaks off or falls silent */
  chunks(): AsyncGenerator<Uint8Array, void, void>
  /** Frees the connection; one whose answer was read to its end may be used again. */
  close(): void
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
  const exchange = await startExchange(url, request, options)
  const { status, headers } = exchange.response
  return { status, headers, body: await gather(exchange, Number.POSITIVE_INFINITY) }
}

/** @throws ProblemError as `ask` does */
export async function startExchange(
  url: URL,
  { method = 'GET', headers, body, signal: owner, silenceMs, firstMs = silenceMs }: ExchangeRequest,
  options: HttpOptions,
): Promise<Exchange> {
  // A local name: a browser's fetch refuses to be called as a method of something else.
  const fetch = options.fetch ?? globalThis.fetch
  const lifetime = new AbortController()
  const abort = () => lifetime.abort()
  let isSilent = false
  let isWhole = false
  const silence = new SilenceWatch(options.clock ?? systemClock, firstMs, () => {
    isSilent = true
    abort()
  })
  if (owner?.aborted) abort()
  else owner?.addEventListener('abort', abort)

  const close = () => {
    silence.stop()
    owner?.removeEventListener('abort', abort)
    if (!isWhole) abort()
  }
  const failed = (cause: unknown) => {
    close()
    if (isSilent) return connectionFailed(`Nothing came for ${silence.limitMs} ms.`, cause)
    const why = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : ''
    return connectionFailed(`The server can not be reached, or the answer broke off${why}.`, cause)
  }

  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    const reader = response.body?.getReader()
    while (reader) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw failed(error)
      })
      if (done) break
      // A consumer that is slow to come back leaves bytes unread: that is not the server's silence.
      silence.pause()
      silence.limitMs = silenceMs
      yield value
      silence.resume()
    }
    isWhole = true
  }

  const response = await fetch(url, {
    method,
    headers: { ...options.headers, ...headers },
    signal: lifetime.signal,
    // A cast, since the types of buffers that are shared have come between (TypeScript 5.7).
    body: body as BodyInit,
  }).catch((error: unknown) => {
    throw failed(error)
  })
  const exchange = { response, chunks, close }
  if (response.ok || response.status === 304) return exchange
  const text = new TextDecoder().decode(await gather(exchange, maxProblemBytes))
  throw problemFromAnswer(response.status, response.headers, text)
}

/** Reads an answer, as far as `maxBytes`, and closes the exchange. */
async function gather(exchange: Exchange, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of exchange.chunks()) {
      parts.push(chunk)
      bytes += chunk.length
      if (bytes >= maxBytes) break
    }
  } finally {
    exchange.close()
  }
  if (parts.length === 1) return parts[0] as Uint8Array
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
