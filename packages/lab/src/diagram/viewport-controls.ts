import type { ViewportInput } from './viewport.js'

/** What a key, a wheel or a finger asks of a diagram. */
export type DiagramAction =
  | { readonly kind: 'viewport'; readonly input: ViewportInput }
  | { readonly kind: 'move'; readonly step: 1 | -1 }
  | { readonly kind: 'deselect' }

const zoomStep = 1.5
const pageStep = 0.8
/** Of a wheel's turn, per pixel: a notch of 100 pixels is about a fifth. */
const wheelZoomPerPx = 0.002

/**
 * ↑ ↓ from arrow to arrow, + − zoom, Home and End, Page Up and Page Down, space pauses, Escape lets go of the arrow.
 *
 * @returns undefined for every other key, and with a modifier: those are the browser's
 */
export function keyAction(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  visibleSeconds: number,
): DiagramAction | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  const pageMs = visibleSeconds * 1_000 * pageStep
  switch (event.key) {
    case 'ArrowUp':
      return { kind: 'move', step: -1 }
    case 'ArrowDown':
      return { kind: 'move', step: 1 }
    case 'Escape':
      return { kind: 'deselect' }
    case '+':
    case '=':
      return viewportAction({ kind: 'zoom', factor: 1 / zoomStep, aroundMs: undefined })
    case '-':
    case '_':
      return viewportAction({ kind: 'zoom', factor: zoomStep, aroundMs: undefined })
    case 'Home':
      return viewportAction({ kind: 'to-start' })
    case 'End':
      return viewportAction({ kind: 'to-now' })
    case 'PageUp':
      return viewportAction({ kind: 'scroll', byMs: -pageMs })
    case 'PageDown':
      return viewportAction({ kind: 'scroll', byMs: pageMs })
    case ' ':
      return viewportAction({ kind: 'toggle-pause' })
    default:
      return undefined
  }
}

function viewportAction(input: ViewportInput): DiagramAction {
  return { kind: 'viewport', input }
}

/**
 * A wheel scrolls; with Ctrl, which is also what a trackpad's pinch arrives as, it zooms around the pointer.
 *
 * @see UI Events §5.3 (WheelEvent): `deltaMode` 0 is pixels, 1 lines, 2 pages
 */
export function wheelInput(
  event: Pick<WheelEvent, 'deltaY' | 'deltaMode' | 'ctrlKey'>,
  scale: { readonly pixelsPerMs: number; readonly pageHeightPx: number; readonly pointerMs: number },
): ViewportInput {
  const unitPx = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : scale.pageHeightPx
  const deltaPx = event.deltaY * unitPx
  return event.ctrlKey
    ? { kind: 'zoom', factor: Math.exp(deltaPx * wheelZoomPerPx), aroundMs: scale.pointerMs }
    : { kind: 'scroll', byMs: deltaPx / scale.pixelsPerMs }
}

/** What is held moves with the pointer: down is back in time. */
export function dragInput(byPx: number, pixelsPerMs: number): ViewportInput {
  return { kind: 'scroll', byMs: -byPx / pixelsPerMs }
}

/** Two fingers that move apart show less time, around the middle between them. */
export function pinchInput(beforePx: number, afterPx: number, aroundMs: number): ViewportInput {
  return { kind: 'zoom', factor: Math.max(beforePx, 1) / Math.max(afterPx, 1), aroundMs }
}
