import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

/** What requests of HTTP/1 and of HTTP/2 have in common. HTTP/2's authority is the header `:authority`. */
export type HttpRequest = Readable &
  Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion' | 'method' | 'url' | 'aborted'> & {
    /** HTTP/2 gives a view of the session's socket. */
    readonly socket: { readonly remoteAddress?: string | undefined }
  }

export function headerText(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
