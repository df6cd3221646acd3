import {
  encodeChannelName,
  formatLaneTag,
  laneParameter,
  path,
  type SpokenMessage,
  type Way,
} from '@tidings/protocol'
import type { Observation } from '../record/types.js'
import { type LaneOptions, NotSaid } from './lane.js'

/** How long an answer that the server does not hold back may stay away, milliseconds. */
export const answerTimeoutMs = 30_000

/** What is undefined is left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** The requests of one lane: numbered, tagged, observed. */
export class Asking {
  readonly #way: Way
  readonly #options: LaneOptions

  constructor(way: Way, options: LaneOptions) {
    this.#way = way
    this.#options = options
  }

  /** @returns a number for the next request, and the channel's URL with its tag */
  next(query: Query, isFresh = false): { readonly ask: number; readonly url: URL } {
    const { browser, channel, nextAsk } = this.#options
    const ask = nextAsk()
    const url = new URL(path.stream + encodeChannelName(channel), browser.origin)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    url.searchParams.set(laneParameter, formatLaneTag({ lane: this.#way, ask, isFresh }))
    return { ask, url }
  }

  /** Tells of what happens now. @returns when that is, by the page's clock */
  observe(kind: Observation['kind'], ask: number): number {
    const atMs = this.#options.browser.now()
    this.#options.observe({ lane: this.#way, ask, atMs, kind })
    return atMs
  }

  /**
   * Publishes by POST. It is not tried again: without a producer's sequence the server could not tell a second
   * attempt from a second message.
   *
   * @throws NotSaid
   */
  async post(message: SpokenMessage, isFresh = false): Promise<void> {
    const { ask, url } = this.next({}, isFresh)
    let response: Response
    this.observe('asked', ask)
    try {
      response = await this.#options.browser.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(answerTimeoutMs),
      })
      await response.text()
    } catch (cause) {
      this.observe('ended', ask)
      throw new NotSaid('The POST was not answered: whether it was kept is not known.', { cause })
    }
    this.observe('answered', ask)
    if (!response.ok) throw new NotSaid(`The server did not take the message (HTTP ${response.status}).`)
  }
}
