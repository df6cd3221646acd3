import { ProblemError } from '../problem-error.js'
import type { Clock } from '../time/clock.js'

/** A token is renewed so long before it expires, milliseconds; one of short life when a tenth of it is left. */
const renewBeforeMs = 30_000

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
  readonly #renewed: (token: string) => void
  #token: Promise<string> | undefined
  #cancel = () => {}

  /** @param renewed a token was fetched before the present one expires: what is open is told */
  constructor(options: CredentialOptions, clock: Clock, renewed: (token: string) => void) {
    this.#options = options
    this.#clock = clock
    this.#renewed = renewed
  }

  get hasToken(): boolean {
    return this.#options.getToken !== undefined
  }

  /** @throws ProblemError `token-missing`, which may pass */
  token(): Promise<string> | undefined {
    const { getToken } = this.#options
    if (getToken) this.#token ??= this.#fetch(getToken)
    return this.#token
  }

  forget(): void {
    this.#cancel()
    this.#token = undefined
  }

  async headers(): Promise<Headers> {
    const { headers = {} } = this.#options
    const token = await this.token()
    return {
      ...(typeof headers === 'function' ? headers() : headers),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
  }

  async #fetch(getToken: () => string | Promise<string>): Promise<string> {
    let token: string
    try {
      token = await getToken()
    } catch (cause) {
      this.#token = undefined
      throw new ProblemError('token-missing', 'getToken() failed.', { cause, isTransient: true })
    }
    const leftMs = expiresAtMs(token) - Date.now()
    if (leftMs > 0 && leftMs < Number.POSITIVE_INFINITY) {
      this.#cancel()
      this.#cancel = this.#clock.after(leftMs - Math.min(renewBeforeMs, leftMs / 10), () => {
        this.forget()
        this.token()?.then(this.#renewed, () => {})
      })
    }
    return token
  }
}

/** @see RFC 7519 §4.1.4; a token that is no JWT is used until it is refused */
function expiresAtMs(token: string): number {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/')))
    return claims.exp * 1000 || Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
