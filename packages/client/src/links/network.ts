import type { Clock } from '../time/clock.js'
import type { Answer, Exchange, ExchangeRequest } from '../wire/http.js'
import type { WebSocketConstructor } from '../wire/websocket-like.js'

/** What links need of the world, and what they learn about it for those that come after them. */
export interface Network {
  readonly server: string
  readonly clock: Clock
  /** How long an answer that nobody holds back may stay away, milliseconds. */
  readonly answerMs: number
  /** Between two short polls, milliseconds. */
  readonly intervalMs: number
  /** @throws ProblemError `websocket-missing` */
  readonly webSocket: WebSocketConstructor
  /** The longest silence that the network was seen to bear, milliseconds. */
  quietMs: number
  /** A request with the headers and the token of the program. @throws ProblemError */
  ask(url: URL, request: ExchangeRequest): Promise<Answer>
  /** The same, whose answer is read as it comes. */
  start(url: URL, request: ExchangeRequest): Promise<Exchange>
  /** @returns undefined for who needs none */
  token(): Promise<string | undefined>
  /** The server refused it: the next one is fetched anew. @returns whether that may help: not twice in a row */
  refused(): boolean
}

/** What is silent for longer than this in one piece is not expected to be, milliseconds. */
export const longestQuietMs = 60_000

/** What was open broke after it had been silent for so long: what comes next is silent for shorter. */
export function wasCut(network: Network, silentMs: number): void {
  if (silentMs > 1_000) network.quietMs = Math.min(network.quietMs, silentMs)
}

/** It was silent and stands. Little by little, so that a network that cuts what is silent is tried seldom. */
export function stood(network: Network): void {
  network.quietMs = Math.min(longestQuietMs, network.quietMs * 1.01)
}
