import type { Verdict } from '../check.js'

/** Told apart by its form as well as by its colour. */
const shapes: Readonly<Record<Verdict, string>> = {
  works: 'M3.5 8.5 7 12l6-7.5',
  'works-with-trouble': 'M8 3.5v6M8 12v.5',
  broken: 'm4 4 8 8M12 4l-8 8',
  skipped: 'M3.5 8h9',
}

/** @param verdict undefined while it is not known */
export function VerdictMark({
  verdict,
  isBusy = false,
}: {
  readonly verdict: Verdict | undefined
  readonly isBusy?: boolean
}) {
  return (
    <svg
      class="verdict-mark"
      data-of={verdict ?? (isBusy ? 'busy' : 'unknown')}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <path d={verdict === undefined ? 'M8 2a6 6 0 0 1 6 6' : shapes[verdict]} />
    </svg>
  )
}
