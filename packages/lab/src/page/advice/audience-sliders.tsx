import { sayDelay, sayNumber } from '../../advice/words.js'
import type { Audience } from '../../workload/choices.js'
import { StopSlider } from '../controls/stop-slider.js'
import { useLab } from '../state/lab.js'

const stops = {
  readers: [1, 5, 10, 16, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 100_000, 1_000_000],
  saysPerMinute: [0, 1, 6, 30, 60, 300, 1_200],
  toleratedDelayMs: [20, 50, 100, 200, 250, 500, 1_000, 2_000, 5_000, 10_000, 60_000],
}

export function AudienceSliders() {
  const { choices } = useLab()
  const { audience } = choices.value
  const change = (part: Partial<Audience>) => {
    choices.value = { ...choices.value, audience: { ...audience, ...part } }
  }
  return (
    <div class="audience">
      <StopSlider
        label="Readers"
        stops={stops.readers}
        value={audience.readers}
        say={(count) => count.toLocaleString('en')}
        onChange={(readers) => change({ readers })}
      />
      <StopSlider
        label="Each speaks"
        stops={stops.saysPerMinute}
        value={audience.saysPerMinute}
        say={saySpeaking}
        onChange={(saysPerMinute) => change({ saysPerMinute })}
      />
      <StopSlider
        label="May be late by"
        stops={stops.toleratedDelayMs}
        value={audience.toleratedDelayMs}
        say={sayDelay}
        onChange={(toleratedDelayMs) => change({ toleratedDelayMs })}
      />
    </div>
  )
}

function saySpeaking(perMinute: number): string {
  if (perMinute === 0) return 'never'
  return perMinute < 60 ? `${perMinute}× a minute` : `${sayNumber(perMinute / 60)}× a second`
}
