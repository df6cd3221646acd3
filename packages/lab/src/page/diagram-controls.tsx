import { useLab } from './state/lab.js'

const zoomStep = 1.5

/** For all four diagrams: one alone is controlled on itself. */
export function DiagramControls() {
  const { diagrams } = useLab()
  const isPaused = diagrams.isPaused.value
  return (
    <fieldset class="diagram-controls">
      <legend class="off-screen">All diagrams</legend>
      <button
        type="button"
        class="button"
        aria-pressed={isPaused}
        title="Stops the diagrams; what happens goes on"
        onClick={() => diagrams.pause(!isPaused)}
      >
        {isPaused ? '▶ Go on' : '❚❚ Pause'}
      </button>
      <button
        type="button"
        class="button square"
        aria-label="Show less time"
        onClick={() => diagrams.zoom(1 / zoomStep)}
      >
        +
      </button>
      <button
        type="button"
        class="button square"
        aria-label="Show more time"
        onClick={() => diagrams.zoom(zoomStep)}
      >
        −
      </button>
    </fieldset>
  )
}
