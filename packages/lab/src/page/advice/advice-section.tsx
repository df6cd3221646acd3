import { useComputed, useSignal } from '@preact/signals'
import type { Way } from '@tidings/protocol'
import type { Advice } from '../../advice/advice.js'
import { recommend } from '../../advice/recommend.js'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'
import { AudienceSliders } from './audience-sliders.js'
import { CodePanel } from './code-panel.js'
import { OutlookTable } from './outlook-table.js'

/** Which way, why, and the code for it. */
export function AdviceSection() {
  const { snapshot, choices } = useLab()
  const advice = useComputed(() => {
    const { workload, audience } = choices.value
    return recommend({ figures: snapshot.value.figures, workload, audience })
  })
  /** Until the visitor asks for another, the code of the way that is recommended. */
  const wanted = useSignal<Way | undefined>(undefined)
  const way = wanted.value ?? (advice.value.kind === 'way' ? advice.value.way : 'sse')
  return (
    <section id="recommendation" class="advice" aria-labelledby="advice-title">
      <h2 id="advice-title">Recommendation</h2>
      <p class="lead">From what was just measured, for readers like the lanes above.</p>
      <div class="advice-grid">
        <div class="card verdict">
          <Verdict advice={advice.value} />
          <AudienceSliders />
          <OutlookTable outlooks={advice.value.outlooks} />
        </div>
        <CodePanel
          way={way}
          onWay={(next) => {
            wanted.value = next
          }}
        />
      </div>
    </section>
  )
}

function Verdict({ advice }: { readonly advice: Advice }) {
  if (advice.kind === 'not-yet')
    return (
      <div class="verdict-words" data-advice="none">
        <h3>Not yet</h3>
        <p>{advice.missing}</p>
      </div>
    )
  return (
    <div class="verdict-words" data-advice={advice.way}>
      <h3>{wayTitle[advice.way]}</h3>
      <p>{advice.sentences[0]}</p>
      <p>{advice.sentences[1]}</p>
    </div>
  )
}
