import { durabilityHeader, encodeChannelName, header, labPath, path } from '@tidings/protocol'
import { ChannelRefused, ProbeFailure } from './failure.js'
import { newNonce, nonceMessage } from './nonce.js'
import { requestMs } from './request-ms.js'

/** Where the channels of checks are: what a page that crashed has left there goes by its time to live. */
const folder = `${labPath.check.slice(1)}/`

/** Longer than connections are left idle without a listener, seconds. */
const ttlSeconds = 600

/** A channel of one check, under a name that nobody can guess. It holds JSON, in memory, and nobody else uses it. */
export class ProbeChannel {
  /** The offset of its beginning. */
  readonly start: string
  readonly #address: URL

  private constructor(address: URL, start: string) {
    this.#address = address
    this.start = start
  }

  /**
   * @param origin `https://host:port`
   * @throws ChannelRefused
   */
  static async create(origin: string, signal: AbortSignal): Promise<ProbeChannel> {
    const address = new URL(path.stream + encodeChannelName(folder + newNonce()), origin)
    const headers = {
      'content-type': 'application/json',
      [header.ttl]: String(ttlSeconds),
      [durabilityHeader]: 'memory',
    }
    const patience = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
    let response: Response
    try {
      response = await fetch(address, { method: 'PUT', headers, signal: patience })
    } catch (cause) {
      signal.throwIfAborted()
      throw new ChannelRefused('No channel could be made: `PUT` to the server was not answered.', { cause })
    }
    const start = response.headers.get(header.nextOffset)
    if (response.status !== 201 || start === null) {
      throw new ChannelRefused(`No channel could be made: \`PUT\` was answered ${await sayAnswer(response)}.`)
    }
    return new ProbeChannel(address, start)
  }

  /** Its URL, with a query. */
  url(query: Readonly<Record<string, string>>): URL {
    const url = new URL(this.#address)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url
  }

  /**
   * Appends a nonce.
   *
   * @returns the offset after it
   * @throws ProbeFailure
   */
  async publish(nonce: string, signal: AbortSignal): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    const response = await this.#post({ headers, body: nonceMessage(nonce) }, signal)
    return response.headers.get(header.nextOffset) ?? ''
  }

  /** Closes the channel for good, by which its streams end at the server. @throws ProbeFailure */
  async close(signal: AbortSignal): Promise<void> {
    await this.#post({ headers: { [header.closed]: 'true' } }, signal)
  }

  /** Also while the page goes away. What can not be removed now goes by its time to live. */
  async remove(): Promise<void> {
    const signal = AbortSignal.timeout(requestMs)
    await fetch(this.#address, { method: 'DELETE', keepalive: true, signal }).catch(() => {})
  }

  async #post(init: RequestInit, signal: AbortSignal): Promise<Response> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
    let response: Response
    try {
      response = await fetch(this.#address, { method: 'POST', signal: patience, ...init })
    } catch (cause) {
      signal.throwIfAborted()
      throw new ProbeFailure('A `POST` to the server was not answered.', { cause })
    }
    if (!response.ok) throw new ProbeFailure(`A \`POST\` was answered ${await sayAnswer(response)}.`)
    return response
  }
}

/** Problems of the server's own have a code; what has none was answered by something else. @see RFC 9457 */
async function sayAnswer(response: Response): Promise<string> {
  const code = await problemCodeOf(response)
  return code === undefined
    ? `with ${response.status}, and not by the server`
    : `with ${response.status} (\`${code}\`)`
}

/** @returns the code of a problem of the server's own; undefined when the answer is none */
export async function problemCodeOf(response: Response): Promise<string | undefined> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  if (!isProblem) return undefined
  const problem: unknown = await response.json().catch(() => undefined)
  if (typeof problem !== 'object' || problem === null || !('code' in problem)) return undefined
  return typeof problem.code === 'string' ? problem.code : undefined
}
