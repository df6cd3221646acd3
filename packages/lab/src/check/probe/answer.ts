/** What became of a request, to its end. It never throws: a cut connection is something to tell. */
export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: Headers
      readonly text: string
      readonly tookMs: number
    }
  | { readonly kind: 'cut'; readonly tookMs: number }

/** Asks as a reader does: with the browser's own cache between, as ever. */
export async function ask(url: URL, signal: AbortSignal, headers: HeadersInit = {}): Promise<Answer> {
  const askedAtMs = performance.now()
  const took = () => performance.now() - askedAtMs
  try {
    const response = await fetch(url, { headers, signal })
    const text = await response.text()
    return { kind: 'answered', status: response.status, headers: response.headers, text, tookMs: took() }
  } catch {
    return { kind: 'cut', tookMs: took() }
  }
}
