import { setTimeout as pause } from 'node:timers/promises'
import {
  type ChannelAddress,
  ProblemError,
  type Publisher,
  postPublisher,
  socketPublisher,
} from '@tidings/client/ways'
import { WebSocket } from 'ws'
import type { HistoryRecorder, PublisherLog } from '../support/history-recorder.js'

/** Messages that one publisher has under way at most. */
const windowSize = 4
/** The longest rest between two messages, milliseconds: load without end, but not more than two cores check. */
const longestRestMs = 6

export interface LoadOptions {
  readonly name: string
  readonly way: 'post' | 'socket'
  readonly address: ChannelAddress
  readonly history: HistoryRecorder
  readonly random: () => number
  /** Hears of each message that was acknowledged. */
  readonly onAcknowledged: () => void
  /** Hears of what no publisher should be told in this test. */
  readonly onTrouble: (trouble: string) => void
}

/** Short waits: the server is down for a moment only, and many moments are wanted. */
export const quickBackoff = { baseMs: 10, capMs: 80 }

/** Publishes without end, retrying what is not acknowledged, until it is stopped. */
export class LoadPublisher {
  readonly #options: LoadOptions
  #generation = 0
  #count = 0
  #publisher!: Publisher
  #log!: PublisherLog
  #life!: AbortController
  readonly #underWay = new Set<Promise<void>>()
  #isStopping = false
  #done: Promise<void> | undefined

  constructor(options: LoadOptions) {
    this.#options = options
    this.#begin()
  }

  start(): void {
    this.#done = this.#run()
  }

  /** As when its program ends: what is under way stays unknown. A new program goes on. */
  crash(): void {
    this.#life.abort()
    this.#begin()
  }

  /** Publishes no more; resolves when all that it published is answered. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#done
    await this.#publisher.stop()
    await Promise.all(this.#underWay)
  }

  #begin(): void {
    const { name, way, address, history } = this.#options
    this.#generation++
    this.#life = new AbortController()
    this.#log = history.publisher(`${name}, generation ${this.#generation}`)
    const options = { backoff: quickBackoff, signal: this.#life.signal }
    this.#publisher =
      way === 'post'
        ? postPublisher(address, options)
        : socketPublisher(address, { ...options, webSocket: WebSocket })
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#publish()
      if (this.#underWay.size >= windowSize) await Promise.race(this.#underWay)
      await pause(this.#options.random() * longestRestMs)
    }
  }

  #publish(): void {
    const log = this.#log
    const text = `${this.#options.name} ${this.#count++} ${filler(this.#options.random)}`
    const message = JSON.stringify(text)
    log.attempted(message)
    const answered = this.#publisher.publish([text]).then(
      ({ nextOffset }) => {
        log.acknowledged(message, nextOffset)
        this.#options.onAcknowledged()
      },
      (error: unknown) => this.#failed(log, message, error),
    )
    this.#underWay.add(answered)
    void answered.then(() => this.#underWay.delete(answered))
  }

  #failed(log: PublisherLog, message: string, error: unknown): void {
    if (!(error instanceof ProblemError)) throw error
    if (error.code === 'publisher-stopped') return
    this.#options.onTrouble(`${log.publisher} was told ${error.code}`)
    if (error.code === 'channel-unknown') log.refused(message)
    // After any other refusal this publisher takes no more.
    else if (log === this.#log) this.#begin()
  }
}

/** Mostly short; now and then longer than what fits into one batch with others. */
function filler(random: () => number): string {
  return 'x'.repeat(random() < 0.02 ? random() * 40_000 : random() * 200)
}
