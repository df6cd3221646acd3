import { type ReaderCounts, type Way, ways } from '@tidings/protocol'
import { StopSlider } from '../controls/stop-slider.js'
import { formatCount, formatMs } from '../format.js'
import { useLab } from '../state/lab.js'
import { shortTitle } from '../ways.js'

const stops = [0, 1, 5, 10, 20, 50, 100, 200]

/** Readers of the server's own worker, each with a real connection, and what they hear. */
export function ReaderSliders() {
  const { choices, snapshot } = useLab()
  const { readers } = choices.value.workload
  const counts = snapshot.value.readers
  const change = (way: Way, count: number) => {
    const { workload } = choices.value
    choices.value = {
      ...choices.value,
      workload: { ...workload, readers: { ...workload.readers, [way]: count } },
    }
  }
  return (
    <div class="card crowd">
      <h3>Who else hears</h3>
      {ways.map((way) => (
        <div key={way} class="crowd-way" data-crowd={way}>
          <StopSlider
            label={shortTitle[way]}
            stops={stops}
            value={readers[way]}
            say={(count) => (count === 0 ? 'nobody' : `${count} ${count === 1 ? 'reader' : 'readers'}`)}
            onChange={(count) => change(way, count)}
          />
          <p class="crowd-counts">{counts && readers[way] > 0 ? sayCounts(counts[way]) : ' '}</p>
        </div>
      ))}
    </div>
  )
}

function sayCounts({ connected, messages, lost, delayP50Ms, delayP99Ms }: ReaderCounts): string {
  const delays =
    delayP50Ms === undefined ? '' : ` · p50 ${formatMs(delayP50Ms)} · p99 ${formatMs(delayP99Ms)}`
  return `${connected} hear · ${formatCount(messages)} messages · ${formatCount(lost)} lost${delays}`
}
