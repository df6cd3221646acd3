import { formatCount } from '../format.js'
import { useLab } from '../state/lab.js'
import { SequenceFigures } from './sequence-figures.js'

export function NaiveCard() {
  const { naive } = useLab().snapshot.value
  return (
    <article class="card reader" data-reader="naive" aria-labelledby="naive-title">
      <header>
        <h3 id="naive-title">A naive socket</h3>
        <span class="state">{naive.doing}</span>
      </header>
      <SequenceFigures sequence={naive} />
      <p class="reader-facts">
        <span>{formatCount(naive.heard)} heard</span>
        <span>connected {formatCount(naive.connects)}×</span>
      </p>
      <p class="hint">
        It connects again when it is cut, and hears what comes from then on: what was said in between is gone.
      </p>
    </article>
  )
}
