import { useEffect, useRef } from 'preact/hooks'
import type { Arrow } from '../../record/types.js'
import { explain } from '../../wire/explain.js'
import { formatMs } from '../format.js'
import { useLab } from '../state/lab.js'
import { wayTitle } from '../ways.js'
import { WireParts } from './wire-parts.js'

/** The exact bytes of the arrow that was clicked, and what they are. It lies over the page and moves nothing. */
export function ArrowPanel() {
  const { openArrow } = useLab()
  const arrow = openArrow.value
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef<Element | null>(null)
  useEffect(() => {
    if (!arrow) return
    if (!heading.current?.closest('aside')?.contains(document.activeElement))
      before.current = document.activeElement
    heading.current?.focus({ preventScroll: true })
  }, [arrow])
  if (!arrow) return null
  const close = () => {
    openArrow.value = undefined
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true })
  }
  return (
    <aside
      class="arrow-panel"
      aria-labelledby="arrow-title"
      onKeyDown={({ key }) => {
        if (key === 'Escape') close()
      }}
    >
      <header>
        <h2 id="arrow-title" ref={heading} tabIndex={-1}>
          {arrow.label}
        </h2>
        <button type="button" class="button close" onClick={close} aria-label="Close the bytes">
          ✕
        </button>
      </header>
      <ArrowFacts arrow={arrow} />
      <WireParts parts={explain(arrow)} isCut={arrow.bytes.length < arrow.byteLength} />
    </aside>
  )
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
