import type { Workload } from '@tidings/protocol'
import { sayDelay, sayRate } from '../../advice/words.js'
import type { LaneSettings } from '../../workload/lane-settings.js'
import { StopSlider } from '../controls/stop-slider.js'
import { Switch } from '../controls/switch.js'
import { formatBytes } from '../format.js'
import { useLab } from '../state/lab.js'

const stops = {
  messagesPerSecond: [0, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100, 200],
  burst: [1, 2, 3, 5, 10, 20, 50, 100],
  messageBytes: [64, 72, 96, 120, 220, 256, 320, 512, 1_024, 2_048, 4_096, 8_192, 16_384],
  pollIntervalMs: [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000],
  holdSeconds: [1, 2, 5, 10, 20, 30, 55],
}

export function WorkloadSliders() {
  const { choices } = useLab()
  const { workload, settings } = choices.value
  const publish = (part: Partial<Workload>) => {
    choices.value = { ...choices.value, workload: { ...workload, ...part } }
  }
  const ask = (part: Partial<LaneSettings>) => {
    choices.value = { ...choices.value, settings: { ...settings, ...part } }
  }
  return (
    <>
      <div class="card">
        <h3>What is published</h3>
        <StopSlider
          label="Rate"
          stops={stops.messagesPerSecond}
          value={workload.messagesPerSecond}
          say={sayRate}
          onChange={(messagesPerSecond) => publish({ messagesPerSecond })}
        />
        <StopSlider
          label="Burst"
          stops={stops.burst}
          value={workload.burst}
          say={(burst) => (burst === 1 ? 'evenly' : `${burst} at once`)}
          onChange={(burst) => publish({ burst })}
        />
        <StopSlider
          label="Size"
          stops={stops.messageBytes}
          value={workload.messageBytes}
          say={formatBytes}
          onChange={(messageBytes) => publish({ messageBytes })}
        />
      </div>
      <div class="card">
        <h3>How the page asks</h3>
        <StopSlider
          label="Poll interval"
          stops={stops.pollIntervalMs}
          value={settings.pollIntervalMs}
          say={sayDelay}
          onChange={(pollIntervalMs) => ask({ pollIntervalMs })}
        />
        <StopSlider
          label="Long poll is held"
          stops={stops.holdSeconds}
          value={settings.holdSeconds}
          say={(seconds) => `${seconds} s`}
          onChange={(holdSeconds) => ask({ holdSeconds })}
        />
        <Switch
          label="Keep connections alive between polls"
          isOn={settings.isKeptAlive}
          onChange={(isKeptAlive) => ask({ isKeptAlive })}
        />
      </div>
    </>
  )
}
