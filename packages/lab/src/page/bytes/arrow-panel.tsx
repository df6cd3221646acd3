import { type Way, ways } from '@tidings/protocol'
import { useEffect } from 'preact/hooks'
import type { Arrow } from '../../record/types.js'
import { explain } from '../../wire/index.js'
import { formatMs } from '../format.js'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'
import { WireParts } from './wire-parts.js'

/**
 * The exact bytes of the arrow that was chosen, and what they are. It lies over the page and moves nothing, on the side
 * where the arrow's lane is not. The focus stays with the diagram, so that its keys go on to the next arrow.
 */
export function ArrowPanel() {
  const { openArrow, diagrams } = useLab()
  const arrow = openArrow.value
  const close = () => {
    if (!arrow) return
    const isInside = document.activeElement?.closest('.arrow-panel') != null
    openArrow.value = undefined
    diagrams.deselect()
    if (isInside) canvasOf(arrow.lane)?.focus({ preventScroll: true })
  }
  useEffect(() => {
    if (!arrow) return
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') close()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })
  if (!arrow) return null
  const side = ways.indexOf(arrow.lane) < ways.length / 2 ? 'right' : 'left'
  return (
    <aside class="arrow-panel" data-side={side} aria-labelledby="arrow-title">
      <header>
        <h2 id="arrow-title" tabIndex={-1}>
          {arrow.label}
        </h2>
        <button type="button" class="button close" onClick={close} aria-label="Close the bytes">
          ✕
        </button>
      </header>
      <ArrowFacts arrow={arrow} />
      <WireParts key={arrow.id} parts={explain(arrow)} />
    </aside>
  )
}

function canvasOf(way: Way): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-way="${way}"] canvas`)
}

function ArrowFacts({ arrow }: { readonly arrow: Arrow }) {
  const from = arrow.from === 'client' ? 'page → server' : 'server → page'
  const about = arrow.isGuessed ? 'about ' : ''
  return (
    <dl class="arrow-facts">
      <div>
        <dt>Way</dt>
        <dd>{wayTitle[arrow.lane]}</dd>
      </div>
      <div>
        <dt>Direction</dt>
        <dd>{from}</dd>
      </div>
      <div>
        <dt>Sent</dt>
        <dd>{formatTime(arrow.sentAtMs)}</dd>
      </div>
      <div>
        <dt>Took</dt>
        <dd title={arrow.isGuessed ? 'One of the two ends was not seen: its time is a guess.' : undefined}>
          {about}
          {formatMs(Math.max(0, arrow.receivedAtMs - arrow.sentAtMs))}
        </dd>
      </div>
      <div>
        <dt>Bytes</dt>
        <dd>{arrow.byteLength.toLocaleString('en')}</dd>
      </div>
    </dl>
  )
}

/** `14:03:07.482`, the server's clock in the visitor's zone. */
function formatTime(atMs: number): string {
  const at = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
