import type { LineFaults } from '@tidings/protocol'
import { useState } from 'preact/hooks'
import { ChoiceGroup } from '../controls/choice-group.js'
import { StopSlider } from '../controls/stop-slider.js'
import { Switch } from '../controls/switch.js'
import { formatMs } from '../format.js'
import { useLab } from '../state/lab.js'

const delayStopsMs = [0, 20, 50, 100, 250, 500, 1_000, 2_000, 5_000]
const offlineStopsSeconds = [1, 2, 5, 10, 20, 30, 60]

const upgradeChoices = [
  { value: 'pass', title: 'Passes', hint: 'The upgrade reaches the server' },
  {
    value: 'refuse',
    title: 'Is refused',
    hint: 'The line answers 502, as a proxy that knows no upgrade does',
  },
  { value: 'hang', title: 'Hangs', hint: 'The upgrade is never answered' },
] as const

/** What the line between the two readers and the server does. */
export function FaultControls() {
  const { session, faults, announcement } = useLab()
  const [offlineSeconds, setOfflineSeconds] = useState(5)
  const change = (part: Partial<LineFaults>) => {
    faults.value = { ...faults.value, ...part }
  }
  const { delayMs, buffers, upgrades } = faults.value
  return (
    <article class="card faults" aria-labelledby="faults-title">
      <h3 id="faults-title">Break the line</h3>
      <div class="fault-buttons">
        <button
          type="button"
          class="button strong"
          onClick={() => {
            session.cut()
            announcement.value = 'The line was cut.'
          }}
        >
          Cut now
        </button>
        <button
          type="button"
          class="button strong"
          onClick={() => {
            session.goOffline(offlineSeconds * 1_000)
            announcement.value = `The line is offline for ${offlineSeconds} seconds.`
          }}
        >
          Offline for {offlineSeconds} s
        </button>
      </div>
      <div class="fault-settings">
        <StopSlider
          label="Length of offline"
          stops={offlineStopsSeconds}
          value={offlineSeconds}
          say={(seconds) => `${seconds} s`}
          onChange={setOfflineSeconds}
        />
        <StopSlider
          label="Delay, each direction"
          stops={delayStopsMs}
          value={delayMs}
          say={(ms) => (ms === 0 ? 'none' : formatMs(ms))}
          onChange={(ms) => change({ delayMs: ms })}
        />
        <ChoiceGroup
          legend="A WebSocket’s upgrade"
          choices={upgradeChoices}
          value={upgrades}
          onChange={(value) => change({ upgrades: value })}
        />
        <Switch
          label="Buffer answers, as a bad proxy does"
          isOn={buffers}
          onChange={(isOn) => change({ buffers: isOn })}
        />
      </div>
    </article>
  )
}
