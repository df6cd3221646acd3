import { useId } from 'preact/hooks'

export interface StopSliderProps {
  readonly label: string
  /** Rising. */
  readonly stops: readonly number[]
  readonly value: number
  readonly say: (value: number) => string
  readonly onChange: (value: number) => void
  /** In a few words, what it does. */
  readonly hint?: string
}

/** A slider over chosen values, since what matters lies orders of magnitude apart. */
export function StopSlider({ label, stops, value, say, onChange, hint }: StopSliderProps) {
  const id = useId()
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <output for={id}>{say(value)}</output>
      <input
        id={id}
        type="range"
        min={0}
        max={stops.length - 1}
        step={1}
        value={nearestStop(stops, value)}
        aria-valuetext={say(value)}
        onInput={({ currentTarget }) => onChange(stops[Number(currentTarget.value)] ?? value)}
      />
      {hint && <small>{hint}</small>}
    </div>
  )
}

function nearestStop(stops: readonly number[], value: number): number {
  const distance = (index: number) => Math.abs((stops[index] ?? Number.POSITIVE_INFINITY) - value)
  return stops.reduce((best, _, index) => (distance(index) < distance(best) ? index : best), 0)
}
