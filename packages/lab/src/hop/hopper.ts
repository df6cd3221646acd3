import { ProblemError, type ReadBatch, read } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import { SequenceCheck } from '../figures/index.js'
import { type Browser, isLabMessage, wait } from '../lanes/index.js'
import type { HopperState } from './states.js'

/** From one hop at random to the next, milliseconds. */
const randomHopMs = { least: 300, most: 2_000 } as const
/** Before it reads again after trouble that the client does not try again by itself, milliseconds. */
const patienceMs = 500
/** The client's own waits are short here, so that one sees it come back. */
const backoff = { baseMs: 200, capMs: 1_000 } as const
/** An upgrade that hangs is let go of after so long, milliseconds. */
const connectTimeoutMs = 3_000

export interface HopperOptions {
  readonly browser: Browser
  /** The run's faulty line, ending in a slash: a path, or a URL. */
  readonly line: string
  readonly channel: string
  readonly way: Way
  readonly offset: string
  readonly onChange: () => void
}

/**
 * A reader on the faulty line that changes its way while messages flow: it leaves one iteration of the client's and
 * begins another from the last `nextOffset`. Whatever the line does, it loses nothing, and it never gives up.
 */
export class Hopper {
  readonly #options: HopperOptions
  readonly #check = new SequenceCheck()
  readonly #lifetime = new AbortController()
  #way: Way
  #offset: string
  #doing = 'connecting'
  #hops = 0
  /** Ends the present iteration. */
  #reading = new AbortController()
  #randomHop: ReturnType<typeof setTimeout> | undefined

  constructor(options: HopperOptions) {
    this.#options = options
    this.#way = options.way
    this.#offset = options.offset
    void this.#run()
  }

  get state(): HopperState {
    const { heard, lost, twice, outOfOrder } = this.#check
    return {
      heard,
      lost,
      twice,
      outOfOrder,
      way: this.#way,
      hops: this.#hops,
      isHoppingAtRandom: this.#randomHop !== undefined,
      doing: this.#doing,
      offset: this.#offset,
    }
  }

  hopTo(way: Way): void {
    if (way === this.#way || this.#lifetime.signal.aborted) return
    this.#way = way
    this.#hops += 1
    this.#reading.abort()
    this.#does('connecting')
  }

  hopAtRandom(isOn: boolean): void {
    clearTimeout(this.#randomHop)
    this.#randomHop = undefined
    if (isOn && !this.#lifetime.signal.aborted) this.#armRandomHop()
    this.#options.onChange()
  }

  stop(): void {
    this.hopAtRandom(false)
    this.#lifetime.abort()
    this.#reading.abort()
    this.#does('stopped')
  }

  #armRandomHop(): void {
    const { random } = this.#options.browser
    const delayMs = randomHopMs.least + random() * (randomHopMs.most - randomHopMs.least)
    this.#randomHop = setTimeout(() => {
      const others = ways.filter((way) => way !== this.#way)
      this.#armRandomHop()
      this.hopTo(others[Math.floor(random() * others.length)] ?? this.#way)
    }, delayMs)
  }

  async #run(): Promise<void> {
    while (!this.#lifetime.signal.aborted) {
      this.#reading = new AbortController()
      const { signal } = this.#reading
      try {
        const isAtEnd = await this.#read(signal)
        if (isAtEnd) return
      } catch (error) {
        if (signal.aborted) continue
        this.#goOnAfter(error)
        await wait(patienceMs, signal)
      }
    }
  }

  /** @returns whether the channel is closed, and was heard to its end */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { browser, channel, line } = this.#options
    const server = new URL(`${line}hopper`, browser.origin).href
    const batches = read(
      { server, channel },
      {
        way: this.#way,
        offset: this.#offset,
        signal,
        kind: 'json',
        fetch: browser.fetch,
        webSocket: browser.WebSocket,
        random: browser.random,
        backoff,
        connectTimeoutMs,
        onRetry: () => this.#does('reconnecting'),
      },
    )
    for await (const batch of batches) {
      this.#take(batch)
      if (!batch.closed) continue
      this.#does('at the end')
      return true
    }
    return false
  }

  #take(batch: ReadBatch): void {
    for (const message of batch.messages) {
      if (isLabMessage(message) && 'n' in message) this.#check.hear(message.n)
    }
    this.#offset = batch.nextOffset
    this.#does('hearing')
  }

  /** Where retention has dropped what comes next, it goes on with what is left: the check counts what is lost. */
  #goOnAfter(error: unknown): void {
    // What is no error of the client's is a mistake of our own.
    if (!(error instanceof ProblemError)) throw error
    this.#offset = error.facts.earliestOffset ?? this.#offset
    this.#does('reconnecting')
  }

  #does(doing: string): void {
    this.#doing = doing
    this.#options.onChange()
  }
}
