import type { Published, Publisher, RawJson } from '@tidings/client/ways'

/** A message as the publisher takes it. */
export type Message = string | Uint8Array | RawJson

export interface Outgoing {
  readonly message: Message
  /** Where it came from, as in `line 3`. */
  readonly origin: string
}

/** A message that was not kept, and why. */
export interface Refusal {
  readonly origin: string
  readonly error: unknown
}

/** What may wait to be acknowledged before no more is read: characters or bytes, and messages. */
const maxWaitingLength = 4 * 1024 * 1024
const maxWaitingMessages = 10_000

/**
 * Hands messages to a publisher, as many at a time as its queue should hold, and keeps count of what became
 * of them.
 */
export class PublishWindow {
  readonly #publisher: Publisher
  readonly #refused = new AbortController()
  #waitingLength = 0
  #waitingMessages = 0
  #keptMessages = 0
  #nextOffset: string | undefined
  #refusal: Refusal | undefined
  #onRoom: () => void = () => {}

  constructor(publisher: Publisher) {
    this.#publisher = publisher
  }

  get keptMessages(): number {
    return this.#keptMessages
  }

  /** Where the last message that is kept ends. */
  get nextOffset(): string | undefined {
    return this.#nextOffset
  }

  /** Of the first message that was not kept: those behind it may depend on it, so no more should follow. */
  get refusal(): Refusal | undefined {
    return this.#refusal
  }

  /** Aborts with the first refusal, so that nobody waits for more input in vain. */
  get refused(): AbortSignal {
    return this.#refused.signal
  }

  /** Resolves when there is room for the next one. */
  async publish({ message, origin }: Outgoing): Promise<void> {
    const length = lengthOf(message)
    this.#waitingLength += length
    this.#waitingMessages += 1
    void this.#track(this.#publisher.publish([message]), origin, 1).then(() => {
      this.#waitingLength -= length
      this.#waitingMessages -= 1
      if (this.#hasRoom) this.#onRoom()
    })
    if (this.#hasRoom) return
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve
    })
  }

  /** Resolves when everything is kept or refused. */
  async settled(): Promise<void> {
    await this.#publisher.flush()
    // The publisher's promises have settled; what hangs on them runs in the turns after.
    await new Promise((resolve) => setImmediate(resolve))
  }

  async close(): Promise<void> {
    await this.#track(this.#publisher.publish([], { close: true }), 'the closing', 0)
  }

  get #hasRoom(): boolean {
    return this.#waitingLength <= maxWaitingLength && this.#waitingMessages <= maxWaitingMessages
  }

  async #track(publishing: Promise<Published>, origin: string, messages: number): Promise<void> {
    try {
      this.#nextOffset = (await publishing).nextOffset
      this.#keptMessages += messages
    } catch (error) {
      this.#refusal ??= { origin, error }
      this.#refused.abort()
    }
  }
}

function lengthOf(message: Message): number {
  return typeof message === 'string' || message instanceof Uint8Array ? message.length : message.text.length
}
