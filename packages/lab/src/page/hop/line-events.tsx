import type { LineEvent } from '@tidings/protocol'
import { useLab } from '../state/lab.js'

/** As many as the card has room for. */
const mostShown = 6

const words: Readonly<Record<LineEvent['what'], string>> = {
  cut: 'was cut',
  'refused-upgrade': 'was refused its upgrade (502)',
  'held-upgrade': 'waits for its upgrade',
  'refused-offline': 'found the line offline',
  buffered: 'has its answer kept back',
}

/** What the line did lately, the newest first. */
export function LineEvents() {
  const latest = useLab().snapshot.value.lineEvents.slice(-mostShown).reverse()
  return (
    <article class="card line-events" aria-labelledby="line-title">
      <h3 id="line-title">What the line did</h3>
      {latest.length === 0 && <p class="hint">Nothing yet: it lets everything pass.</p>}
      <ol>
        {latest.map(({ atMs, what, reader }, index) => (
          <li key={`${atMs} ${index}`}>
            <time>{new Date(atMs).toLocaleTimeString('en-GB')}</time> {reader} {words[what]}
          </li>
        ))}
      </ol>
    </article>
  )
}
