import type { Way } from '@tidings/protocol'
import { useLab } from '../state/lab.js'
import { explainWay, wayTitle } from '../ways.js'
import { LaneControls } from './lane-controls.js'
import { LaneDiagram } from './lane-diagram.js'
import { LaneReadout } from './lane-readout.js'
import { LaneTranscript } from './lane-transcript.js'
import { SayBox } from './say-box.js'

/** One way at work: what happens, what it has cost so far, and a mouth. */
export function LanePanel({ way }: { readonly way: Way }) {
  const { choices, snapshot } = useLab()
  const isRunning = snapshot.value.isRunning[way]
  const titleId = `title-${way}`
  return (
    <section class="lane" data-way={way} data-running={isRunning} aria-labelledby={titleId}>
      <div class="lane-body">
        <header>
          <h3 id={titleId}>{wayTitle[way]}</h3>
          <span class="state" data-state={isRunning ? 'hearing' : 'stopped'}>
            {isRunning ? 'hearing' : 'stopped'}
          </span>
        </header>
        <p class="explanation">{explainWay(way, choices.value.settings)}</p>
        <LaneDiagram way={way} />
        <LaneReadout way={way} />
        <LaneControls way={way} />
        <SayBox way={way} />
      </div>
      <LaneTranscript way={way} />
    </section>
  )
}
