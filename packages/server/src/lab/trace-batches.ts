import type { TraceEvent } from '@tidings/protocol'

/** A picture of what happens comes so often, milliseconds: the eye sees no gap. */
const batchMs = 40
/** What waits for the page is so many events at most; past that the oldest are let go of, and the page is told. */
const maxWaiting = 4_000

/** Gathers what is traced, so that telling it costs less than what it tells of. */
export class TraceBatches {
  readonly #send: (events: readonly TraceEvent[]) => boolean
  #waiting: TraceEvent[] = []
  #timer: NodeJS.Timeout | undefined

  /** @param send returns whether it could be sent now: the page may read slowly */
  constructor(send: (events: readonly TraceEvent[]) => boolean) {
    this.#send = send
  }

  add(event: TraceEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > maxWaiting) this.#waiting.shift()
    this.#timer ??= setTimeout(() => this.#flush(), batchMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#send(this.#waiting)) this.#waiting = []
    else this.#timer = setTimeout(() => this.#flush(), batchMs)
  }
}
