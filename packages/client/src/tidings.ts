import { channelNameFault, type Way } from '@tidings/protocol'
import { Channel, type ChannelOptions, type PublishReceipt } from './channel/channel.js'
import { type Gap, type GapChoice, Subscription } from './channel/subscription.js'
import { pageMemory, type WayMemory } from './choosing/way-memory.js'
import { ClientNetwork, type NetworkOptions } from './connection/client-network.js'
import { Connection, type ConnectionSettings, type WayReason } from './connection/connection.js'
import { CostWatch } from './connection/cost-watch.js'
import { type CredentialOptions, Credentials } from './connection/credentials.js'
import { ownSurroundings, type Surroundings } from './connection/surroundings.js'
import { type Links, ownLinks } from './links/index.js'
import type { Envelope, Link } from './links/link.js'
import { ProblemError } from './problem-error.js'

type ChannelPublisher = { answered(envelope: Envelope): boolean; stop(): void }

import { type Clock, systemClock } from './time/clock.js'
import { type BackoffSettings, defaultBackoff } from './time/retry.js'
import { typedTarget } from './typed-target.js'
import type { RawJson } from './ways/publisher.js'
import { serverUrl } from './wire/address.js'
import type { Start } from './wire/start.js'

/** Best first: what costs least for who hears much. */
export const allWays: readonly Way[] = ['websocket', 'sse', 'long-poll', 'short-poll']

export interface ConnectOptions extends NetworkOptions, CredentialOptions {
  /** One way that is forced, or those that may be used, best first. Default: `websocket`, `sse`, `long-poll`, `short-poll`. */
  readonly ways?: Way | readonly Way[]
  /**
   * `cost`: a page that nobody sees polls slowly, a quiet channel is held by long polls, a busy one moves up. Off by
   * default: the best way that works carries.
   */
  readonly policy?: 'cost'
  /** Remembers what did not work. Default: until the page or the process ends. */
  readonly memory?: WayMemory
  /** Default: the page's events and the machine's sleep. */
  readonly surroundings?: Surroundings
  /** What carries: the four ways, or what stands in for them (`@tidings/client/tabs`). */
  readonly links?: Links
  /** Waits between attempts after trouble. */
  readonly backoff?: Partial<BackoffSettings>
  /** Waits between attempts at a better way. Default: 15 s, doubling to 10 minutes. */
  readonly climb?: Partial<BackoffSettings>
  readonly clock?: Clock
  /** From 0 (included) to 1 (excluded). */
  readonly random?: () => number
}

export type TidingsState = 'idle' | 'connecting' | 'open' | 'waiting' | 'suspended' | 'closed'

export interface TidingsDetails {
  /** Which way carries now, and why it changed. */
  way: { readonly way: Way; readonly previous: Way | undefined; readonly reason: WayReason }
  /** `waiting`: for the next attempt, after `error`. `closed`: by the program, or for good, after `error`. */
  state: { readonly state: TidingsState; readonly error?: ProblemError; readonly retryInMs?: number }
  /** A better way was tried and does not work here; it is tried again later. */
  'way-failed': { readonly way: Way; readonly error: ProblemError }
}

const states = {
  idle: 'idle',
  connecting: 'connecting',
  steady: 'open',
  climbing: 'open',
  waiting: 'waiting',
  suspended: 'suspended',
  over: 'closed',
} as const

const climbing: BackoffSettings = { baseMs: 15_000, capMs: 600_000, maxAttempts: Number.POSITIVE_INFINITY }

/** Characters of messages that may wait for a consumer. */
const defaultMaxQueuedLength = 1024 * 1024

/** A server, and the connection to it that all its channels share. */
export class Tidings extends typedTarget<TidingsDetails>() {
  readonly url: string
  readonly #ways: readonly Way[]
  readonly #network: ClientNetwork
  readonly #credentials: Credentials
  readonly #settings: ConnectionSettings
  readonly #connections: Connection[] = []
  readonly #policy: ConnectOptions['policy']
  #costs: CostWatch | undefined
  readonly #publishers = new Map<string, ChannelPublisher>()
  #speaker: Link | undefined
  #way: Way | undefined
  #state: TidingsState = 'idle'
  #lastId = 0

  /** @throws ProblemError `address-invalid` */
  constructor(url: string | URL, options: ConnectOptions = {}) {
    super()
    this.url = serverUrl(String(url), '').href.replace(/\/$/, '')
    this.#ways = options.ways === undefined ? allWays : ([] as Way[]).concat(options.ways)
    this.#policy = options.policy
    const clock = options.clock ?? systemClock
    this.#credentials = new Credentials(options, clock, (token) => {
      for (const connection of this.#connections) connection.renewed(token)
    })
    this.#network = new ClientNetwork(this.url, clock, options, this.#credentials)
    this.#settings = {
      links: options.links ?? ownLinks,
      network: this.#network,
      memory: options.memory ?? pageMemory,
      surroundings: options.surroundings ?? ownSurroundings(clock),
      backoff: { ...defaultBackoff, ...options.backoff },
      climb: { ...climbing, ...options.climb },
      random: options.random ?? Math.random,
    }
  }

  /** The way that carries now, if any does. */
  get way(): Way | undefined {
    return this.#state === 'open' ? this.#way : undefined
  }

  get state(): TidingsState {
    return this.#state
  }

  /** @throws ProblemError `channel-name-invalid` */
  channel<Message = unknown>(name: string, options: ChannelOptions<Message> = {}): Channel<Message> {
    const fault = channelNameFault(name, 1024)
    if (fault) throw new ProblemError('channel-name-invalid', fault)
    const host = {
      url: this.url,
      subscribe: (start: Start, onGap: (gap: Gap) => GapChoice) =>
        this.#subscribe(name, start, onGap, options),
      publish: (messages: readonly (Message | RawJson)[], close: boolean) =>
        this.#publish(name, messages, close, options),
    }
    return new Channel(name, host, options)
  }

  /** Ends everything: iterations return, what is not acknowledged yet rejects with `publisher-stopped`. */
  close(): void {
    for (const connection of this.#connections) connection.close()
    for (const publisher of this.#publishers.values()) publisher.stop()
    this.#publishers.clear()
    this.#credentials.forget()
    this.#costs?.stop()
    this.#stateIs('closed')
  }

  #subscribe<Message>(
    channel: string,
    start: Start,
    onGap: (gap: Gap) => GapChoice,
    { maxQueuedLength = defaultMaxQueuedLength }: ChannelOptions<Message>,
  ): Subscription {
    const { backoff, random } = this.#settings
    const { clock } = this.#network
    const settings = { channel, start, maxQueuedLength, backoff, clock, random, onGap }
    return new Subscription(this.#connectionFor(channel), settings)
  }

  /** A link hears a channel once: who hears it a second time, elsewhere in it, has a connection of their own. */
  #connectionFor(channel: string): Connection {
    const free = this.#connections.find((each) => !each.carries(channel))
    if (free) return free
    const isFirst = this.#connections.length === 0
    const connection: Connection = new Connection(this.#ways, this.#settings, {
      way: (way, reason) => isFirst && this.#wayIs(way, reason),
      state: (state, error, retryInMs) => {
        if (!isFirst) return
        this.#stateIs(states[state], error, retryInMs)
        if (state === 'connecting') this.#costs?.look()
        else if (state === 'idle') this.#costs?.stop()
      },
      failed: (way, error) => isFirst && this.#tell('way-failed', { way, error }),
      answered: (envelope) => this.#answered(envelope),
      speaks: (link) => isFirst && this.#speaks(link),
      heard: (messages) => this.#costs?.heard(messages),
      surrounding: (type) => this.#costs?.surrounding(type),
    })
    this.#connections.push(connection)
    if (this.#policy) this.#watchCosts()
    return connection
  }

  #watchCosts(): void {
    const { intervalMs, clock } = this.#network
    this.#costs?.stop()
    this.#costs = new CostWatch(clock, this.#ways, (ways, hiddenIntervalMs) => {
      this.#network.intervalMs = hiddenIntervalMs ?? intervalMs
      for (const connection of this.#connections) connection.use(ways)
    })
  }

  #publish<Message>(
    channel: string,
    messages: readonly unknown[],
    close: boolean,
    options: ChannelOptions<Message>,
  ): Promise<PublishReceipt> {
    throw new Error('soon')
  }

  #answered(envelope: Envelope): void {
    for (const publisher of this.#publishers.values()) if (publisher.answered(envelope)) return
  }

  #speaks(link: Link | undefined): void {
    this.#speaker = link
  }

  #wayIs(way: Way, reason: WayReason): void {
    const previous = this.#way
    this.#way = way
    this.#tell('way', { way, previous, reason })
  }

  #stateIs(state: TidingsState, error?: ProblemError, retryInMs?: number): void {
    if (this.#state === 'closed' || (state === this.#state && state !== 'waiting')) return
    this.#state = state
    this.#tell('state', { state, ...(error && { error }), ...(retryInMs !== undefined && { retryInMs }) })
  }

  #tell<Type extends keyof TidingsDetails>(type: Type, detail: TidingsDetails[Type]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/**
 * Nothing is sent before something is heard or published.
 *
 *     const channel = connect('https://news.example').channel<Order>('orders')
 *     for await (const order of channel) show(order)
 *
 * @param url of the server, `http:` or `https:`; a path before `/v1` is kept
 * @throws ProblemError `address-invalid`
 */
export function connect(url: string | URL, options?: ConnectOptions): Tidings {
  return new Tidings(url, options)
}
