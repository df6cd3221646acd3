import type { TraceEvent } from '@tidings/protocol'

/** A picture of what happens comes so often, milliseconds: the eye sees no gap. */
const batchMs = 40
/** What waits for the page has so many events and bytes at most; past that what comes is let go of, and the page is told. */
const maxWaiting = 4_000
const maxWaitingBytes = 8 * 1024 * 1024

/** Gathers what is traced, so that telling it costs less than what it tells of. */
export class TraceBatches {
  readonly #send: (events: readonly TraceEvent[], missed: number) => boolean
  #waiting: TraceEvent[] = []
  #waitingBytes = 0
  #missed = 0
  #timer: NodeJS.Timeout | undefined

  /** @param send returns whether it could be sent now: the page may read slowly */
  constructor(send: (events: readonly TraceEvent[], missed: number) => boolean) {
    this.#send = send
  }

  add(event: TraceEvent): void {
    const bytes = 'bytes' in event ? event.bytes.length : 0
    if (this.#waiting.length >= maxWaiting || this.#waitingBytes + bytes > maxWaitingBytes) this.#missed++
    else {
      this.#waiting.push(event)
      this.#waitingBytes += bytes
    }
    this.#timer ??= setTimeout(() => this.#flush(), batchMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#send(this.#waiting, this.#missed)) {
      this.#waiting = []
      this.#waitingBytes = 0
      this.#missed = 0
    } else this.#timer = setTimeout(() => this.#flush(), batchMs)
  }
}
