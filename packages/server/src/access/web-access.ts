import { Problem } from '@tidings/protocol'
import { hostName, isLoopbackHost } from './loopback.js'

/** What a request says of where it comes from. */
export interface RequestOrigin {
  /** `Host`; an HTTP/1.0 request may have none. */
  readonly host: string | undefined
  /** `Origin`: browsers send it, and a page can not forge it. */
  readonly origin: string | undefined
  /** `Sec-Fetch-Site`: browsers send it with requests that have no `Origin`. */
  readonly fetchSite: string | undefined
}

/**
 * Which web pages may talk to this server. On loopback every page that the user visits could reach it, so
 * `Host` must be loopback (else a name that a page's owner has pointed here would pass, DNS rebinding) and
 * `Origin` must be loopback or listed. A server with `--public` takes any host, its own pages and the list.
 *
 * Trusts that browsers tell `Origin` truly; programs that are not browsers may say what they like.
 */
export class WebAccess {
  readonly #isPublic: boolean
  readonly #allowsAll: boolean
  readonly #allowed: ReadonlySet<string>

  /** @param options.allowedOrigins as in `https://app.example`, or `*` */
  constructor(options: { isPublic: boolean; allowedOrigins: readonly string[] }) {
    this.#isPublic = options.isPublic
    this.#allowsAll = options.allowedOrigins.includes('*')
    this.#allowed = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()))
  }

  /** @throws Problem `host-refused`, `origin-refused` */
  check({ host, origin, fetchSite }: RequestOrigin): void {
    if (!this.#isPublic && host !== undefined && !isLoopbackHost(hostName(host) ?? '')) {
      throw new Problem(
        'host-refused',
        'This server listens on loopback and answers to loopback names only. To serve others, start it with --public.',
      )
    }
    const isForeign =
      origin !== undefined ? !this.allows(origin, host) : fetchSite === 'cross-site' && !this.#allowsAll
    if (isForeign) {
      throw new Problem(
        'origin-refused',
        `Pages of ${origin ?? 'other sites'} may not talk to this server. ` +
          'To let them, list their origin in --allow-origin (TIDINGS_ALLOW_ORIGIN).',
      )
    }
  }

  /** Whether pages of `origin` may read and write here. */
  allows(origin: string, host: string | undefined): boolean {
    if (this.#allowsAll || this.#allowed.has(origin.toLowerCase())) return true
    const url = parseOrigin(origin)
    if (!url) return false
    if (!this.#isPublic) return isLoopbackHost(url.hostname)
    return host !== undefined && url.host === host.toLowerCase()
  }
}

/**
 * An origin as browsers write it, and nothing that only begins or ends like one. `null` (a sandboxed frame, a
 * file) is no origin that can be told from others.
 *
 * @see RFC 6454 §6.1
 */
function parseOrigin(origin: string): URL | undefined {
  return /^https?:\/\/[^/?#@\\\s]+$/i.test(origin) && URL.canParse(origin) ? new URL(origin) : undefined
}
