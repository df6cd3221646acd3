import type { HttpExchange } from './http-exchange.js'
import type { HttpRequest } from './http-request.js'
import type { Target } from './target.js'

/** A request on its way to its answer. */
export interface Visit {
  readonly request: HttpRequest
  readonly exchange: HttpExchange
  readonly target: Target
  /** Whom the client means to speak to, where it says. */
  readonly host: string | undefined
  /** The server speaks TLS. */
  readonly isSecure: boolean
  /** The client asks for a WebSocket. */
  readonly isUpgrade: boolean
}
