/**
 * Which time a diagram shows. The states and what moves between them:
 *
 *     following ──scroll back, show──▶ scrolled ──scroll to now, to-now──▶ following
 *     following, scrolled ──toggle-pause──▶ paused ──toggle-pause, to-now──▶ following
 *
 * `untilMs` is the time at the lower edge, by the server's clock.
 */
export type Viewport =
  | { readonly mode: 'following'; readonly visibleSeconds: number }
  | { readonly mode: 'scrolled'; readonly visibleSeconds: number; readonly untilMs: number }
  | { readonly mode: 'paused'; readonly visibleSeconds: number; readonly untilMs: number }

export type ViewportMode = Viewport['mode']

export type ViewportInput =
  /** Later when it is positive. */
  | { readonly kind: 'scroll'; readonly byMs: number }
  /** `factor` above 1 shows more seconds. The time `aroundMs` stays where it is, unless now is followed. */
  | { readonly kind: 'zoom'; readonly factor: number; readonly aroundMs: number | undefined }
  | { readonly kind: 'toggle-pause' }
  | { readonly kind: 'to-now' }
  | { readonly kind: 'to-start' }
  /** Stops following, and brings this time into sight if it is not. */
  | { readonly kind: 'show'; readonly atMs: number }

/** Between what a viewport moves. */
export interface Extent {
  /** Of the first arrow that is still known, or now. */
  readonly earliestMs: number
  readonly nowMs: number
}

export const visibleSecondsLimits = { least: 0.5, most: 120 } as const

export const initialViewport: Viewport = { mode: 'following', visibleSeconds: 10 }

/** The time at the lower edge. */
export function untilMsOf(viewport: Viewport, nowMs: number): number {
  return viewport.mode === 'following' ? nowMs : viewport.untilMs
}

/** @returns `viewport` itself when the input changes nothing: a wheel's event is then the page's. */
export function nextViewport(viewport: Viewport, input: ViewportInput, extent: Extent): Viewport {
  const transition = transitions[viewport.mode][input.kind] as Transition<ViewportMode, ViewportInput['kind']>
  return transition(viewport, input, extent)
}

type Transition<Mode extends ViewportMode, Kind extends ViewportInput['kind']> = (
  viewport: Extract<Viewport, { readonly mode: Mode }>,
  input: Extract<ViewportInput, { readonly kind: Kind }>,
  extent: Extent,
) => Viewport

type Held = Exclude<Viewport, { readonly mode: 'following' }>

const unchanged = (viewport: Viewport) => viewport
const follow = ({ visibleSeconds }: Viewport): Viewport => ({ mode: 'following', visibleSeconds })

const transitions: {
  readonly [Mode in ViewportMode]: {
    readonly [Kind in ViewportInput['kind']]: Transition<Mode, Kind>
  }
} = {
  following: {
    scroll: (viewport, { byMs }, extent) =>
      byMs < 0
        ? moved(viewport, held('scrolled', viewport, extent.nowMs), extent.nowMs + byMs, extent)
        : viewport,
    zoom: (viewport, { factor }) => zoomed(viewport, factor),
    'toggle-pause': (viewport, _, { nowMs }) => held('paused', viewport, nowMs),
    'to-now': unchanged,
    'to-start': (viewport, _, extent) => moved(viewport, held('scrolled', viewport, extent.nowMs), 0, extent),
    show: (viewport, { atMs }, extent) => showing(held('scrolled', viewport, extent.nowMs), atMs, extent),
  },
  scrolled: {
    scroll: (viewport, { byMs }, extent) =>
      byMs > 0 && viewport.untilMs + byMs >= extent.nowMs
        ? follow(viewport)
        : moved(viewport, viewport, viewport.untilMs + byMs, extent),
    zoom: (viewport, { factor, aroundMs }, extent) => zoomedAround(viewport, factor, aroundMs, extent),
    'toggle-pause': (viewport) => held('paused', viewport, viewport.untilMs),
    'to-now': follow,
    'to-start': (viewport, _, extent) => moved(viewport, viewport, 0, extent),
    show: (viewport, { atMs }, extent) => showing(viewport, atMs, extent),
  },
  paused: {
    scroll: (viewport, { byMs }, extent) => moved(viewport, viewport, viewport.untilMs + byMs, extent),
    zoom: (viewport, { factor, aroundMs }, extent) => zoomedAround(viewport, factor, aroundMs, extent),
    'toggle-pause': follow,
    'to-now': follow,
    'to-start': (viewport, _, extent) => moved(viewport, viewport, 0, extent),
    show: (viewport, { atMs }, extent) => showing(viewport, atMs, extent),
  },
}

function held(mode: Held['mode'], { visibleSeconds }: Viewport, untilMs: number): Held {
  return { mode, visibleSeconds, untilMs }
}

/** Room above the first arrow, for its label: a part of what is visible. */
const roomAtStart = 0.08

function moved(before: Viewport, viewport: Held, untilMs: number, extent: Extent): Viewport {
  const visibleMs = viewport.visibleSeconds * 1_000
  const leastMs = Math.min(extent.nowMs, extent.earliestMs + visibleMs * (1 - roomAtStart))
  const clampedMs = Math.min(extent.nowMs, Math.max(leastMs, untilMs))
  return clampedMs === untilMsOf(before, extent.nowMs) ? before : { ...viewport, untilMs: clampedMs }
}

function zoomed<Kind extends Viewport>(viewport: Kind, factor: number): Kind {
  const { least, most } = visibleSecondsLimits
  const visibleSeconds = Math.min(most, Math.max(least, viewport.visibleSeconds * factor))
  return visibleSeconds === viewport.visibleSeconds ? viewport : { ...viewport, visibleSeconds }
}

function zoomedAround(
  viewport: Held,
  factor: number,
  aroundMs: number | undefined,
  extent: Extent,
): Viewport {
  const next = zoomed(viewport, factor)
  if (next === viewport) return viewport
  const fixedMs = aroundMs ?? viewport.untilMs - (viewport.visibleSeconds * 1_000) / 2
  const ratio = next.visibleSeconds / viewport.visibleSeconds
  return moved(next, next, fixedMs + (viewport.untilMs - fixedMs) * ratio, extent)
}

function showing(viewport: Held, atMs: number, extent: Extent): Viewport {
  const visibleMs = viewport.visibleSeconds * 1_000
  const isInSight = atMs <= viewport.untilMs && atMs >= viewport.untilMs - visibleMs * (1 - roomAtStart)
  return isInSight ? viewport : moved(viewport, viewport, atMs + visibleMs / 2, extent)
}
