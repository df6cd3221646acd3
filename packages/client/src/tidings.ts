import { encodeChannelName, path, type Way } from '@tidings/protocol'
import { Channel, type ChannelOptions, type PublishReceipt } from './channel/channel.js'
import { type Gap, type GapChoice, Subscription } from './channel/subscription.js'
import { pageMemory, type WayMemory } from './choosing/way-memory.js'
import { ClientNetwork, type NetworkOptions } from './connection/client-network.js'
import { Connection, type ConnectionSettings } from './connection/connection.js'
import { CostWatch } from './connection/cost-watch.js'
import { type CredentialOptions, Credentials, type Headers } from './connection/credentials.js'
import { ownSurroundings, type Surroundings } from './connection/surroundings.js'
import { type Links, ownLinks } from './links/index.js'
import type { Envelope, Link, WayReason } from './links/link.js'
import { ProblemError } from './problem-error.js'

import { ChannelPublisher } from './publishing/publisher.js'
import type { PublishQueue } from './publishing/queue.js'
import type { RawJson } from './publishing/raw-json.js'
import { type Clock, systemClock } from './time/clock.js'
import { type BackoffSettings, defaultBackoff } from './time/retry.js'
import { typedTarget } from './typed-target.js'
import { serverUrl } from './wire/address.js'
import { checkChannelName } from './wire/channel-name.js'
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
  /** Keeps what is published beyond this page or process, until the server has it (`@tidings/client/queue`). */
  readonly queue?: PublishQueue
  /** Remembers what did not work. Default: until the page or the process ends. */
  readonly memory?: WayMemory
  /** Default: the page's events and the machine's sleep. */
  readonly surroundings?: Surroundings
  /** What carries instead of the four ways (`@tidings/client/tabs`). */
  readonly links?: (settings: ConnectionSettings) => Links
  /** Waits between attempts after trouble, with full jitter. Default: up to 250 ms, doubling to 5 s. */
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
  state: {
    readonly state: TidingsState
    readonly error?: ProblemError | undefined
    readonly retryInMs?: number | undefined
  }
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
  readonly #options: ConnectOptions
  #costs: CostWatch | undefined
  readonly #publishers = new Map<string, ChannelPublisher>()
  #speaker: Link | undefined
  #way: Way | undefined
  #state: TidingsState = 'idle'
  #lastId = 0
  #isClosed = false

  /** @throws ProblemError `address-invalid` */
  constructor(url: string | URL, options: ConnectOptions = {}) {
    super()
    this.url = serverUrl(String(url), '').href.replace(/\/$/, '')
    this.#ways = ([] as readonly Way[]).concat(options.ways ?? allWays)
    if (!this.#ways.length || !this.#ways.every((way) => allWays.includes(way)))
      throw new ProblemError('way-unknown', `Give some of ${allWays.join(', ')} as ways.`)
    this.#options = options
    const clock = options.clock ?? systemClock
    this.#credentials = new Credentials(options, clock)
    this.#network = new ClientNetwork(this.url, clock, options, this.#credentials)
    const settings: ConnectionSettings = {
      links: ownLinks,
      network: this.#network,
      memory: options.memory ?? pageMemory,
      surroundings: options.surroundings ?? ownSurroundings(clock),
      backoff: { ...defaultBackoff, capMs: 5_000, ...options.backoff },
      climb: { ...climbing, ...options.climb },
      random: options.random ?? Math.random,
    }
    this.#settings = options.links ? { ...settings, links: options.links(settings) } : settings
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
    checkChannelName(name)
    const host = {
      url: this.url,
      subscribe: (start: Start, onGap: (gap: Gap) => GapChoice) =>
        this.#subscribe(name, start, onGap, options),
      publish: (messages: readonly (Message | RawJson)[], close: boolean) =>
        this.#publish(name, messages, close, options),
    }
    // What the last page left is sent without anything new.
    if (this.#options.queue) this.#publisherOf(name, options)
    return new Channel(name, host, options)
  }

  /** Ends everything: iterations return, what is not acknowledged yet rejects with `publisher-stopped`. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#connections) connection.close()
    for (const publisher of this.#publishers.values()) publisher.stop()
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
        // What waits to be published after a failure goes on when the network is seen to be back.
        if (states[state] === 'open') for (const publisher of this.#publishers.values()) publisher.wake()
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
    if (this.#isClosed) connection.close()
    if (this.#options.policy) this.#watchCosts()
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

  async #publish<Message>(
    channel: string,
    messages: readonly unknown[],
    close: boolean,
    options: ChannelOptions<Message>,
  ): Promise<PublishReceipt> {
    const { nextOffset: offset, duplicate } = await this.#publisherOf(channel, options).publish(
      messages,
      close,
    )
    return { offset, duplicate }
  }

  /** One for each channel: the order of the calls is the order of the messages. After one has failed, a new one. */
  #publisherOf<Message>(channel: string, options: ChannelOptions<Message>): ChannelPublisher {
    const present = this.#publishers.get(channel)
    const { contentType, producer = {} } = options
    // One that was named has used numbers that a second of its name would use again.
    if (present && (producer.id !== undefined || !present.over.aborted)) return present
    const { backoff, random } = this.#settings
    const network = this.#network
    const { clock, answerMs: silenceMs } = network
    const url = serverUrl(this.url, path.stream + encodeChannelName(channel))
    const port = {
      backoff,
      random,
      clock,
      queue: this.#options.queue,
      post: (headers: Headers, body: string | Uint8Array | undefined, signal: AbortSignal) =>
        network.ask(url, { method: 'POST', headers, body, signal, silenceMs }),
    }
    const publisher = new ChannelPublisher(channel, port, {
      contentType,
      producerId: producer.id,
      ...producer,
    })
    this.#publishers.set(channel, publisher)
    if (this.#isClosed) publisher.stop()
    else if (this.#speaker) this.#lend(publisher, this.#speaker)
    return publisher
  }

  #lend(publisher: ChannelPublisher, link: Link): void {
    publisher.socketUp(
      (text) => link.send?.(text),
      () => ++this.#lastId,
    )
  }

  #answered(envelope: Envelope): void {
    for (const publisher of this.#publishers.values()) if (publisher.answered(envelope)) return
  }

  #speaks(link: Link | undefined): void {
    if (link === this.#speaker) return
    this.#speaker = link
    for (const publisher of this.#publishers.values()) {
      if (link) this.#lend(publisher, link)
      else publisher.socketDown()
    }
  }

  #wayIs(way: Way, reason: WayReason): void {
    const previous = this.#way
    this.#way = way
    this.#tell('way', { way, previous, reason })
  }

  #stateIs(state: TidingsState, error?: ProblemError, retryInMs?: number): void {
    if (this.#state === 'closed' || (state === this.#state && state !== 'waiting')) return
    this.#state = state
    this.#tell('state', { state, error, retryInMs })
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
