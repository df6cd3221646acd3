import type { Sink } from './sink.js'

/** What is flushed at the end of a turn. */
export type Flushing = Pick<Sink, 'flush' | 'isTouched'>

/**
 * The sinks that a turn pushes to, each once. A mark on the sink in place of a `Set`: of one that thousands enter and that
 * is then cleared each dead table holds the next, so that they outlive the small garbage collections, and a large
 * one, which holds every reader up for 5 ms, came every two seconds (bench/latency).
 */
export class Touched {
  readonly #sinks: Flushing[] = []

  get size(): number {
    return this.#sinks.length
  }

  add(sink: Flushing): void {
    if (sink.isTouched) return
    sink.isTouched = true
    this.#sinks.push(sink)
  }

  flush(): void {
    for (const sink of this.#sinks) {
      sink.isTouched = false
      sink.flush()
    }
    this.#sinks.length = 0
  }
}
