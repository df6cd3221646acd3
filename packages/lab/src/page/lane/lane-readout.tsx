import type { Way } from '@tidings/protocol'
import { laneMetrics } from '../figures/metrics.js'
import { useLab } from '../state/lab.js'

/** The lane's figures. The plain number stands in `data-value`; it is absent while there is none. */
export function LaneReadout({ way }: { readonly way: Way }) {
  const figures = useLab().snapshot.value.figures[way]
  return (
    <dl class="readout">
      {laneMetrics.map(({ name, title, read, format }) => {
        const value = read(figures)
        return (
          <div key={name}>
            <dt>{title}</dt>
            <dd data-metric={name} data-value={value}>
              {format(value)}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
