/** How requests used connections, as far as the browser tells. */
export interface ConnectionUse {
  /** Requests whose times were told. */
  readonly requests: number
  /** Of them, those that opened a connection. */
  readonly opened: number
}

type Timing = Pick<PerformanceResourceTiming, 'name' | 'connectStart' | 'connectEnd'>

/**
 * A request on a connection that was there has no time of connecting.
 *
 * @param address what the requests' URLs begin with
 * @see Resource Timing §4.3, connectStart
 */
export function connectionUseOf(timings: readonly Timing[], address: string): ConnectionUse {
  const ours = timings.filter(({ name }) => name.startsWith(address))
  return {
    requests: ours.length,
    opened: ours.filter(({ connectStart, connectEnd }) => connectEnd > connectStart).length,
  }
}

/** So many timings are kept while they are watched: checks make a few dozen requests. */
const mostTimings = 1_000

/** Watches the requests whose URLs begin with `address`. */
export class ConnectionWatch {
  readonly #address: string
  readonly #timings: PerformanceResourceTiming[] = []
  readonly #observer: PerformanceObserver
  #wake: () => void = () => {}

  constructor(address: string, signal: AbortSignal) {
    this.#address = address
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        if (entry.name.startsWith(address) && this.#timings.length < mostTimings) this.#timings.push(entry)
      }
      this.#wake()
    })
    this.#observer.observe({ type: 'resource' })
    signal.addEventListener('abort', () => this.#observer.disconnect(), { once: true })
  }

  get use(): ConnectionUse {
    return connectionUseOf(this.#timings, this.#address)
  }

  /** When the times of so many requests are told, which browsers do a moment after they are over. */
  async told(count: number): Promise<void> {
    while (this.#timings.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
