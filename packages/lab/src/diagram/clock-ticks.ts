import { type Measures, type TimeScale, yOf } from './time-scale.js'

const stepsMs = [20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000]

/** Clock times stand at least so many lines apart. */
const linesApart = 3

export interface ClockTick {
  readonly y: number
  readonly text: string
}

/** Round times in sight, by the visitor's own clock face: at most `heightPx / (3 lines) + 2` of them. */
export function clockTicks(scale: TimeScale, measures: Measures, isNarrow: boolean): readonly ClockTick[] {
  const leastMs = (measures.lineHeightPx * linesApart) / scale.pixelsPerMs
  const stepMs = stepsMs.find((step) => step >= leastMs) ?? (stepsMs.at(-1) as number)
  const ticks: ClockTick[] = []
  for (let atMs = Math.ceil(scale.fromMs / stepMs) * stepMs; atMs < scale.untilMs; atMs += stepMs) {
    const y = yOf(scale, atMs)
    // One that is half hidden by the head can't be read.
    if (y > scale.topPx + measures.fontPx / 2) ticks.push({ y, text: formatClock(atMs, stepMs, isNarrow) })
  }
  return ticks
}

/** `14:05:09`, narrow `05:09`; with steps below a second `05:09.20`, as far as they need it. */
export function formatClock(atMs: number, stepMs: number, isNarrow: boolean): string {
  const date = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = `${two(date.getMinutes())}:${two(date.getSeconds())}`
  if (stepMs < 1_000) {
    const digits = stepMs < 100 ? 2 : 1
    const fraction = String(date.getMilliseconds()).padStart(3, '0').slice(0, digits)
    return isNarrow ? `${two(date.getSeconds())}.${fraction}` : `${minutes}.${fraction}`
  }
  return isNarrow ? minutes : `${two(date.getHours())}:${minutes}`
}
