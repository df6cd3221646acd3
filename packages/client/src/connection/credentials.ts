import { ProblemError } from '../problem-error.js'
import type { Clock } from '../time/clock.js'

/** A token is renewed so long before it expires, milliseconds; one of short life when half of it is left. */
const renewBeforeMs = 30_000

/** A promise that is not kept for so long is not waited for any more, milliseconds. */
const longestFetchMs = 60_000

/** A token that is refused so soon after another was is not fetched anew, milliseconds. */
const againMs = 10_000

export type Headers = Readonly<Record<string, string>>

export interface CredentialOptions {
  /** Sent as `Authorization: Bearer`, and over a WebSocket as `auth`. Asked before the token expires, and when it is refused. */
  readonly getToken?: () => string | Promise<string>
  /** Sent with every request; a browser's WebSocket takes none. */
  readonly headers?: Headers | (() => Headers)
}

/** The program's headers and its token, which is fetched once and kept until it is refused or about to expire. */
export class Credentials {
  readonly #options: CredentialOptions
  readonly #clock: Clock
  #token: Promise<string> | undefined
  #renewAtMs = Number.POSITIVE_INFINITY
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #cancel = () => {}

  constructor(options: CredentialOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Rejects with ProblemError `token-missing`, which may pass. */
  token(): Promise<string> | undefined {
    const { getToken } = this.#options
    if (Date.now() >= this.#renewAtMs) this.forget()
    if (!getToken || this.#token !== undefined) return this.#token
    const token = this.#fetch(getToken)
    this.#token = token
    token.then(
      (text) => {
        if (this.#token === token) this.#renewAtMs = renewalOf(text)
      },
      () => {
        if (this.#token === token) this.#token = undefined
      },
    )
    return token
  }

  forget(): void {
    this.#cancel()
    this.#token = undefined
    this.#renewAtMs = Number.POSITIVE_INFINITY
  }

  /** @returns whether a new one may help */
  refused(): boolean {
    const now = this.#clock.now()
    const mayHelp = this.#options.getToken !== undefined && now - this.#refusedAtMs > againMs
    this.#refusedAtMs = now
    this.forget()
    return mayHelp
  }

  /** @throws ProblemError `token-missing` */
  async headers(): Promise<Headers> {
    const { headers = {} } = this.#options
    const token = await this.token()
    return {
      ...(typeof headers === 'function' ? headersOf(headers) : headers),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
  }

  async #fetch(getToken: () => string | Promise<string>): Promise<string> {
    let cancel = this.#cancel
    const late = new Promise<never>((_, reject) => {
      this.#cancel = cancel = this.#clock.after(longestFetchMs, () =>
        reject(new Error('It is not settled yet.')),
      )
    })
    try {
      return await Promise.race([getToken(), late])
    } catch (cause) {
      throw new ProblemError('token-missing', 'getToken() failed.', { cause, isTransient: true })
    } finally {
      cancel()
    }
  }
}

/** The program's own mistake is no mistake of the server's. */
function headersOf(headers: () => Headers): Headers {
  try {
    return headers()
  } catch (cause) {
    throw new ProblemError('headers-missing', 'headers() failed.', { cause })
  }
}

/** When it is to be renewed. @see RFC 7519 §4.1.4; a token that is no JWT is used until it is refused */
function renewalOf(token: string): number {
  try {
    const { exp } = JSON.parse(atob((token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/')))
    const leftMs = exp * 1000 - Date.now()
    // One that has expired is the server's to refuse: a clock may be wrong.
    return leftMs > 0 ? exp * 1000 - Math.min(renewBeforeMs, leftMs / 2) : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
