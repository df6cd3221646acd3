/** What the head of a request says, in HTTP/1 as in HTTP/2, whose authority is the header `:authority`. */
export interface HttpRequest {
  readonly method: string
  /** The target, as it was sent; HTTP/2's CONNECT has none. */
  readonly url: string | undefined
  readonly httpVersion: string
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[]
}

export function headerText(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'object' ? value.join(', ') : value
}
