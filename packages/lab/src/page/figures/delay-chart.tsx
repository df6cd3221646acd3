import type { Way } from '@tidings/protocol'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'

const heightPx = 104
/** The same for all four, so that heights compare; logarithmic, since they lie orders of magnitude apart. */
const rangeMs: [number, number] = [1, 10_000]

/** Each message's delay as a dot over the time at which it came. */
export function DelayChart({ way }: { readonly way: Way }) {
  const { snapshot } = useLab()
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const chart = new uPlot(chartOptions(element), [[], []], element)
    const resizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: heightPx }))
    resizes.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const redraw = () => chart.redraw()
    scheme.addEventListener('change', redraw)
    const stop = snapshot.subscribe(({ figures }) => chart.setData(seriesOf(figures[way].delays)))
    return () => {
      stop()
      scheme.removeEventListener('change', redraw)
      resizes.disconnect()
      chart.destroy()
    }
  }, [way, snapshot])
  return (
    <div
      ref={place}
      class="delay-chart"
      role="img"
      aria-label={`${wayTitle[way]}: delay of the latest messages`}
    />
  )
}

type Delays = { readonly atMs: readonly number[]; readonly delayMs: readonly number[] }

function seriesOf({ atMs, delayMs }: Delays): uPlot.AlignedData {
  const [least, most] = rangeMs
  return [atMs.map((each) => each / 1_000), delayMs.map((each) => Math.min(most, Math.max(least, each)))]
}

function chartOptions(element: HTMLElement): uPlot.Options {
  const colour = (name: string) => () => getComputedStyle(element).getPropertyValue(name)
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [6, 4, 6, 4],
    legend: { show: false },
    cursor: { show: false },
    axes: [
      { show: false },
      {
        side: 1,
        size: 38,
        splits: () => [1, 10, 100, 1_000, 10_000],
        values: (_, splits) => splits.map((ms) => labels[ms] ?? ''),
        font: '11px system-ui, sans-serif',
        stroke: colour('--lab-muted'),
        grid: { stroke: colour('--lab-line'), width: 1 },
        ticks: { show: false },
      },
    ],
    scales: { x: { time: false }, y: { distr: 3, range: rangeMs } },
    series: [
      {},
      { paths: () => null, points: { show: true, size: 5, width: 0, fill: colour('--lab-request') } },
    ],
  }
}

const labels: Readonly<Record<number, string>> = { 1: '1 ms', 100: '0.1 s', 10000: '10 s' }
