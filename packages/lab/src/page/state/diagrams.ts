import { signal } from '@preact/signals'
import type { Way } from '@tidings/protocol'
import type { DiagramView, ViewportInput } from '../../diagram/index.js'

/** The four diagrams, to be looked at together: side by side, a pause or a scale of one alone compares nothing. */
export class Diagrams {
  /** Time stands still in all of them. */
  readonly isPaused = signal(false)
  readonly #views = new Map<Way, DiagramView>()

  /** @returns what takes it away again */
  add(way: Way, view: DiagramView): () => void {
    this.#views.set(way, view)
    return () => this.#views.delete(way)
  }

  view(way: Way): DiagramView | undefined {
    return this.#views.get(way)
  }

  zoom(factor: number): void {
    this.#control({ kind: 'zoom', factor, aroundMs: undefined })
  }

  pause(isPaused: boolean): void {
    this.isPaused.value = isPaused
    for (const view of this.#views.values()) {
      if (isPaused && view.viewport.mode !== 'paused') view.control({ kind: 'toggle-pause' })
      if (!isPaused) view.followNow()
    }
  }

  /** Only one arrow is looked at. */
  deselectOthers(chosen: Way): void {
    for (const [way, view] of this.#views) if (way !== chosen) view.select(undefined)
  }

  deselect(): void {
    for (const view of this.#views.values()) view.select(undefined)
  }

  #control(input: ViewportInput): void {
    for (const view of this.#views.values()) view.control(input)
  }
}
