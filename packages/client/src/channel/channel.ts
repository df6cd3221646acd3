import { ProblemError } from '../problem-error.js'
import type { RawJson } from '../publishing/raw-json.js'
import { typedTarget } from '../typed-target.js'
import type { Start } from '../wire/start.js'
import type { StandardSchema } from './standard-schema.js'
import type { Gap, GapChoice, Subscription } from './subscription.js'

export interface StartOptions {
  /** An offset from before, `-1` (the beginning) or `now` (the tail). Default: after the last message that was handed over, else `now`. */
  readonly offset?: string
  /** Instead: the last so many messages, and on. */
  readonly last?: number
  /** Instead: what was kept since this time, and on. */
  readonly since?: Date | string
}

export interface HearOptions extends StartOptions {
  /** Ends the iteration: it returns, it does not throw. */
  readonly signal?: AbortSignal
}

export interface ChannelOptions<Message> extends HearOptions {
  /** Checks each message: one that does not pass ends the iteration with `message-unexpected`. */
  readonly schema?: StandardSchema<Message>
  /** What to do when the server no longer has what follows the offset. Default `stop`: the iteration throws. */
  readonly onGap?: (gap: Gap) => GapChoice
  /** Characters that may wait for a slow consumer; beyond it the channel is not read. Default 1 Mi. */
  readonly maxQueuedLength?: number
  /** For `publish`: what the channel holds. Default `application/json`. */
  readonly contentType?: string
  /** For `publish`: who publishes. Default: a random id, which is right unless the program keeps epochs itself. */
  readonly producer?: ProducerOptions
}

export interface ProducerOptions {
  readonly id?: string
  readonly epoch?: number
  /** Takes over from a newer producer of the same id instead of failing. */
  readonly autoClaim?: boolean
}

export interface ChannelEvent<Message> {
  readonly data: Message
  /** After this message: an iteration that starts from it hears the next. */
  readonly offset: string
  /** When it was kept. */
  readonly committedAt: Date | undefined
}

export interface PublishReceipt {
  /** After the append that holds the message. */
  readonly offset: string
  /** It had been kept before, by an attempt whose answer was lost. */
  readonly duplicate: boolean
}

export interface ChannelDetails {
  /** The server no longer has what follows the offset, and what was chosen. */
  gap: Gap & { readonly choice: GapChoice }
}

/** What a channel asks of its client. */
export interface ChannelHost<Message> {
  readonly url: string
  subscribe(start: Start, onGap: (gap: Gap) => GapChoice): Subscription
  publish(messages: readonly (Message | RawJson)[], close: boolean): Promise<PublishReceipt>
}

/**
 * A channel: iterate over it to hear its messages, in order, each once, whatever becomes of the network.
 *
 *     for await (const message of channel) show(message)
 *
 * An iteration ends when the channel is closed, its signal aborts or the client is closed. It throws ProblemError for
 * what waiting can not help: `channel-unknown`, `offset-gone`, `history-changed`, `message-unexpected`, …
 */
export class Channel<Message = unknown>
  extends typedTarget<ChannelDetails>()
  implements AsyncIterable<Message>
{
  readonly name: string
  /** Of the server. */
  readonly url: string
  readonly #host: ChannelHost<Message>
  readonly #options: ChannelOptions<Message>
  #offset: string | undefined

  constructor(name: string, host: ChannelHost<Message>, options: ChannelOptions<Message>) {
    super()
    this.name = name
    this.url = host.url
    this.#host = host
    this.#options = options
  }

  /** After the last message that an iteration has handed over: another iteration goes on from here. */
  get offset(): string | undefined {
    return this.#offset
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined, undefined> {
    return this.#iterate({}, ({ data }) => data)
  }

  /** The messages with their offsets. Nothing is asked for before the first `next()`. */
  events(options: HearOptions = {}): AsyncIterable<ChannelEvent<Message>> {
    return { [Symbol.asyncIterator]: () => this.#iterate(options, (event) => event) }
  }

  /** @returns when the server has kept it. @throws ProblemError as it was refused; `queue-full`, `publisher-stopped` */
  publish(message: Message | RawJson, options: { readonly close?: boolean } = {}): Promise<PublishReceipt> {
    return this.#host.publish([message], options.close ?? false)
  }

  /** No message can follow, for anybody. */
  close(): Promise<PublishReceipt> {
    return this.#host.publish([], true)
  }

  #iterate<Value>(
    options: HearOptions,
    pick: (event: ChannelEvent<Message>) => Value,
  ): AsyncIterator<Value, undefined, undefined> {
    const signals = [options.signal, this.#options.signal]
    let subscription: Subscription | undefined
    let isOver = false
    const end = () => {
      isOver = true
      for (const signal of signals) signal?.removeEventListener('abort', end)
      subscription?.end()
    }
    for (const signal of signals) {
      if (signal?.aborted) isOver = true
      else signal?.addEventListener('abort', end)
    }
    const open = () => {
      const start = startOf(options) ?? this.#offset ?? startOf(this.#options) ?? 'now'
      subscription = this.#host.subscribe(start, (gap) => this.#gap(gap))
      return subscription
    }
    const events = this.#events(() => (isOver ? undefined : open()), end)
    return {
      next: async () => {
        const step = await events.next()
        // What came together with the abort was not heard.
        if (step.done || isOver) return { done: true, value: undefined }
        this.#offset = step.value.offset
        return { done: false, value: pick(step.value) }
      },
      return: () => {
        end()
        return events.return(undefined) as Promise<IteratorReturnResult<undefined>>
      },
    }
  }

  async *#events(
    open: () => Subscription | undefined,
    end: () => void,
  ): AsyncGenerator<ChannelEvent<Message>, undefined, undefined> {
    try {
      const subscription = open()
      for (let batch = await subscription?.next(); batch; batch = await subscription?.next()) {
        const { messages, offsets, committedAt } = batch
        for (const [index, message] of messages.entries()) {
          const offset = offsets[index] as string
          const data = await this.#checked(message, offset)
          yield { data, offset, committedAt: committedAt === undefined ? undefined : new Date(committedAt) }
        }
      }
    } finally {
      end()
    }
  }

  async #checked(message: unknown, nextOffset: string): Promise<Message> {
    const result = await this.#options.schema?.['~standard'].validate(message)
    if (!result) return message as Message
    if (!result.issues) return result.value
    const detail = `A message does not pass the schema: ${result.issues[0]?.message}. Go on after it from facts.nextOffset.`
    throw new ProblemError('message-unexpected', detail, { facts: { nextOffset } })
  }

  #gap(gap: Gap): GapChoice {
    const choice = this.#options.onGap?.(gap) ?? 'stop'
    this.dispatchEvent(new CustomEvent('gap', { detail: { ...gap, choice } }))
    return choice
  }
}

/** A server refuses a start that is none for all channels of a request: it is looked at here. */
function startOf({ offset, last, since }: StartOptions): Start | undefined {
  if ([offset, last, since].filter((each) => each !== undefined).length > 1) {
    throw new ProblemError('start-ambiguous', 'Give one of offset, last and since.')
  }
  if (offset !== undefined && !offsetPattern.test(offset))
    throw malformed('offset', 'one that was told with a message, -1 or now')
  if (last !== undefined && !(Number.isInteger(last) && last >= 0 && last <= 10_000))
    throw malformed('last', 'a whole number, at most 10000')
  if (last !== undefined) return { last }
  if (since === undefined) return offset
  const time = new Date(since)
  const year = time.getUTCFullYear()
  if (!(year >= 0 && year < 10_000)) throw malformed('since', 'a Date, or a time of RFC 3339')
  return { since: time.toISOString() }
}

/** Numbers of 16 digits beyond 9 × 10^15 are none that a server mints, and not exact. */
const offsetPattern = /^(-1|now|[0-8]\d{15}_[0-8]\d{15})$/

function malformed(option: keyof StartOptions, wish: string): ProblemError {
  return new ProblemError('offset-malformed', `Give as ${option} ${wish}.`)
}
