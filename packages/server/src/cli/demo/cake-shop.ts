import {
  type ChannelAddress,
  createChannel,
  type Publisher,
  postPublisher,
  read,
  socketPublisher,
} from '@tidings/client/ways'
import { WebSocket } from 'ws'
import type { Pace } from './pace.js'

/** What is said at the counter. */
export const words = {
  firstCake: 'Have some cake.',
  order: 'More cake, please!',
  nextCake: 'Here is more cake.',
  thanks: 'Thank you, that was all.',
} as const

export interface ShopOptions {
  readonly server: string
  readonly name: string
  readonly pace: Pace
  /** After the customer's thanks the baker closes the channel of cakes. */
  readonly closesAfterThanks: boolean
  /**
   * How the baker hears orders and says what is ready: in another way than the customer, so that what the
   * server counts for the customer's way is the customer's alone.
   */
  readonly baker: 'websocket' | 'sse'
}

/**
 * A baker, who is a client of the server like the customer: says on one channel when there is cake, and hears
 * on another what is ordered.
 */
export class CakeShop {
  readonly cakes: string
  readonly orders: string
  /** Where the customer begins to hear of cakes. */
  readonly offset: string
  readonly #options: ShopOptions
  readonly #publisher: Publisher
  readonly #lifetime = new AbortController()
  readonly #saidAtMs = new Map<string, number>()
  readonly #delaysMs: number[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  #listening: Promise<void> = Promise.resolve()

  private constructor(options: ShopOptions, cakes: string, orders: string, offset: string) {
    this.#options = options
    this.cakes = cakes
    this.orders = orders
    this.offset = offset
    const address = this.#address(cakes)
    this.#publisher =
      options.baker === 'sse' ? postPublisher(address) : socketPublisher(address, { webSocket: WebSocket })
  }

  /** Resolves when the baker listens. */
  static async open(options: ShopOptions): Promise<CakeShop> {
    const { server, name } = options
    const [cakes, orders] = [`${name}/cakes`, `${name}/orders`]
    const { nextOffset } = await createChannel({ server, channel: cakes })
    await createChannel({ server, channel: orders })
    const shop = new CakeShop(options, cakes, orders, nextOffset)
    await new Promise<void>((resolve, reject) => {
      shop.#listening = shop.#listen(resolve)
      shop.#listening.catch(reject)
    })
    return shop
  }

  /** The first cake goes into the oven. */
  startBaking(): void {
    this.#after(this.#options.pace.firstCakeMs, words.firstCake)
  }

  /** The customer has heard this. */
  heard(text: string): void {
    const saidAtMs = this.#saidAtMs.get(text)
    if (saidAtMs !== undefined) this.#delaysMs.push(performance.now() - saidAtMs)
  }

  /** From the baker's saying to the customer's hearing, the mean of all. */
  get meanDelayMs(): number {
    return this.#delaysMs.reduce((sum, delayMs) => sum + delayMs, 0) / this.#delaysMs.length
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#lifetime.abort()
    await this.#listening
    await this.#publisher.stop()
  }

  async #listen(onListening: () => void): Promise<void> {
    const way = this.#options.baker
    const { signal } = this.#lifetime
    for await (const batch of read(this.#address(this.orders), {
      way,
      signal,
      kind: 'json',
      webSocket: WebSocket,
    })) {
      onListening()
      for (const text of batch.messages) {
        if (text === words.order) this.#after(this.#options.pace.nextCakeMs, words.nextCake)
        if (text === words.thanks && this.#options.closesAfterThanks) {
          await this.#publisher.publish([], { close: true })
        }
      }
    }
  }

  #after(delayMs: number, text: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#saidAtMs.set(text, performance.now())
      void this.#publisher.publish([text])
    }, delayMs)
    this.#timers.add(timer)
  }

  #address(channel: string): ChannelAddress {
    return { server: this.#options.server, channel }
  }
}
