import { useSignal } from '@preact/signals'
import type { LineFaults } from '@tidings/protocol'
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
  const offlineSeconds = useSignal(5)
  return (
    <article class="card faults" aria-labelledby="faults-title">
      <h3 id="faults-title">Break the line</h3>
      <FaultButtons offlineSeconds={offlineSeconds.value} />
      <div class="fault-settings">
        <StopSlider
          label="Length of offline"
          stops={offlineStopsSeconds}
          value={offlineSeconds.value}
          say={(seconds) => `${seconds} s`}
          onChange={(seconds) => {
            offlineSeconds.value = seconds
          }}
        />
        <FaultSettings />
      </div>
    </article>
  )
}

/** What happens once, now. */
function FaultButtons({ offlineSeconds }: { readonly offlineSeconds: number }) {
  const { session, announcement } = useLab()
  const cut = () => {
    session.cut()
    announcement.value = 'The line was cut.'
  }
  const goOffline = () => {
    session.goOffline(offlineSeconds * 1_000)
    announcement.value = `The line is offline for ${offlineSeconds} seconds.`
  }
  return (
    <div class="fault-buttons">
      <button type="button" class="button strong" onClick={cut}>
        Cut now
      </button>
      <button type="button" class="button strong" onClick={goOffline}>
        Offline for {offlineSeconds} s
      </button>
    </div>
  )
}

/** What holds until it is taken back. */
function FaultSettings() {
  const { faults } = useLab()
  const change = (part: Partial<LineFaults>) => {
    faults.value = { ...faults.value, ...part }
  }
  const { delayMs, buffers, upgrades } = faults.value
  return (
    <>
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
    </>
  )
}
