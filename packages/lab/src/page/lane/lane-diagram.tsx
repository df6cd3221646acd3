import type { Way } from '@tidings/protocol'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { DiagramView } from '../../diagram/index.js'
import { paintEachFrame } from '../state/frame-loop.js'
import { type Lab, useLab } from '../state/lab.js'
import { SchemeTheme } from '../state/scheme.js'
import { serverNowMs } from '../state/server-now.js'
import { wayTitle } from '../ways.js'

export function LaneDiagram({ way }: { readonly way: Way }) {
  const lab = useLab()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [isFollowing, setFollowing] = useState(true)
  const helpId = useId()
  useEffect(
    () => (canvas.current ? showDiagram(canvas.current, way, lab, setFollowing) : undefined),
    [way, lab],
  )
  return (
    <div class="diagram">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: keys move within it, and are not the page's */}
      <canvas
        ref={canvas}
        role="application"
        aria-roledescription="sequence diagram"
        aria-label={`${wayTitle[way]}: what goes between the page and the server`}
        aria-describedby={helpId}
        tabIndex={0}
        onKeyDown={({ key }) => {
          if (key === 'Enter') document.getElementById('arrow-title')?.focus({ preventScroll: true })
        }}
      />
      <p id={helpId} class="off-screen">
        Arrow keys go from message to message, Enter to its bytes, Escape back. Plus and minus zoom, space
        pauses, End goes back to now.
      </p>
      {!isFollowing && (
        <button type="button" class="button to-now" onClick={() => lab.diagrams.view(way)?.followNow()}>
          ↓ Now
        </button>
      )}
    </div>
  )
}

/** @returns what ends it */
function showDiagram(
  canvas: HTMLCanvasElement,
  way: Way,
  { session, diagrams, openArrow, announcement }: Lab,
  setFollowing: (isFollowing: boolean) => void,
): () => void {
  const scheme = new SchemeTheme(canvas)
  const view = new DiagramView(canvas, {
    lane: () => session.lane(way),
    nowMs: () => serverNowMs(session),
    theme: () => scheme.theme,
    onSelect: (arrow) => {
      openArrow.value = arrow
      diagrams.deselectOthers(way)
      if (arrow) announcement.value = `${arrow.from === 'client' ? 'Page' : 'Server'}: ${arrow.label}`
    },
    onViewport: ({ mode }) => setFollowing(mode === 'following'),
  })
  const takeAway = diagrams.add(way, view)
  const stopPainting = paintEachFrame(() => view.draw())
  return () => {
    stopPainting()
    takeAway()
    view.destroy()
    scheme.destroy()
  }
}
