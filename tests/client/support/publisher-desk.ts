import { onTestFinished } from 'vitest'
import { connectionFailed, ProblemError } from '../../../packages/client/src/problem-error.js'
import {
  ChannelPublisher,
  type ChannelPublisherOptions,
  type PublisherPort,
} from '../../../packages/client/src/publishing/publisher.js'
import { ManualClock } from './manual-clock.js'

/** A request or envelope in the test's hands. */
export interface Sent {
  readonly over: 'post' | 'socket'
  readonly seq: number
  readonly epoch: number
  readonly messages: unknown
  readonly signal?: AbortSignal
  keep(nextOffset: string, duplicate?: boolean): void
  refuse(code: string, status: number, facts?: object): void
  /** No answer comes. */
  lose(): void
}

/** A publisher, whose requests and envelopes the test answers. */
export class PublisherDesk {
  readonly clock = new ManualClock()
  readonly publisher: ChannelPublisher
  readonly sent: Sent[] = []
  #id = 0
  #watch = () => {}

  constructor(options: ChannelPublisherOptions = {}, port: PublisherPort = {}) {
    const mine = { clock: this.clock, random: () => 1, post: this.#post, ...port }
    this.publisher = new ChannelPublisher('cake', mine, { producerId: 'p', ...options })
    onTestFinished(() => this.publisher.stop())
  }

  /** The sending of this number, from 0. */
  async nth(number: number): Promise<Sent> {
    while (this.sent.length <= number) {
      await new Promise<void>((resolve) => {
        this.#watch = resolve
      })
    }
    return this.sent[number] as Sent
  }

  socketUp(): void {
    this.publisher.socketUp(
      (text) => {
        const { id, producer, messages } = JSON.parse(text)
        const answer = (envelope: object) => this.publisher.answered({ type: 'error', id, ...envelope })
        this.#add({
          over: 'socket',
          ...producer,
          messages,
          keep: (nextOffset, duplicate = false) => answer({ type: 'published', nextOffset, duplicate }),
          refuse: (code, status, facts) => answer({ code, status, detail: `${code}.`, ...facts }),
          lose: () => {},
        })
      },
      () => {
        this.#id += 1
        return this.#id
      },
    )
  }

  readonly #post: PublisherPort['post'] = (headers, body, signal) =>
    new Promise((resolve, reject) => {
      this.#add({
        over: 'post',
        seq: Number(headers['producer-seq']),
        epoch: Number(headers['producer-epoch']),
        messages: body && JSON.parse(String(body)),
        signal,
        keep: (nextOffset, duplicate = false) =>
          resolve({
            status: duplicate ? 204 : 200,
            headers: new Headers({ 'stream-next-offset': nextOffset }),
          }),
        refuse: (code, status, facts = {}) => reject(new ProblemError(code, `${code}.`, { status, facts })),
        lose: () => reject(connectionFailed('Lost.')),
      })
    })

  #add(sent: Sent): void {
    this.sent.push(sent)
    this.#watch()
  }
}
