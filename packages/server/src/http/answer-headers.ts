import { allowedRequestHeaders, exposedResponseHeaders } from '@tidings/protocol'
import type { WebAccess } from '../access/index.js'
import type { Headers } from '../transports/index.js'

/** On every answer with a body. @see Durable Streams §12.7 */
export const securityHeaders: Headers = {
  'x-content-type-options': 'nosniff',
  // Pages that may read use CORS; no other page may embed a channel as a script or a picture.
  'cross-origin-resource-policy': 'same-origin',
}

const withoutCors: Headers = { vary: 'origin' }

/**
 * What lets a page of an allowed origin read the answer. Every answer varies by `Origin`, the one to a request
 * without it too: a cache would else give that to a page, which could not read it.
 *
 * @see Fetch standard, "CORS protocol and HTTP caches"; RFC 9110 §15.4.5: a 304 has `Vary` as well
 */
export function corsHeaders(
  access: WebAccess,
  origin: string | undefined,
  host: string | undefined,
): Headers {
  if (origin === undefined || !access.allows(origin, host)) return withoutCors
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedResponseHeaders,
    vary: 'origin',
  }
}

/** What a channel can be asked with, and a preflight may ask for. */
export const allMethods = 'GET, HEAD, PUT, POST, DELETE, OPTIONS'

/** A preflight is always answered: what it is about is refused, with a reason, when it comes. */
export function preflightHeaders(
  access: WebAccess,
  origin: string | undefined,
  host: string | undefined,
): Headers {
  return {
    ...corsHeaders(access, origin, host),
    'access-control-allow-methods': allMethods,
    'access-control-allow-headers': allowedRequestHeaders,
    'access-control-max-age': '86400',
    'cache-control': 'no-store',
  }
}
