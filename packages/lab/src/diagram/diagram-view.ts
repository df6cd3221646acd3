import type { Arrow, Lane } from '../record/types.js'
import { CanvasPainter } from './canvas-painter.js'
import { arrowAt, hitTolerancePx } from './hit.js'
import { laneState } from './lane-state.js'
import { type DisplayList, layoutDiagram } from './layout.js'
import { listenForGestures } from './pointer-gestures.js'
import { indexOfArrow } from './server-order.js'
import type { Theme } from './theme.js'
import { type DiagramSize, timeAt, timeScaleOf, yOf } from './time-scale.js'
import { type Extent, initialViewport, nextViewport, type Viewport, type ViewportInput } from './viewport.js'
import { dragInput, keyAction, pinchInput, wheelInput } from './viewport-controls.js'

export interface DiagramViewOptions {
  readonly lane: () => Lane
  /** By the server's clock. */
  readonly nowMs: () => number
  /** The same object until the theme changes. */
  readonly theme: () => Theme
  onSelect(arrow: Arrow | undefined): void
  /** It follows now, has been scrolled, or was zoomed. */
  onViewport?(viewport: Viewport): void
}

/** For those who prefer reduced motion, time goes on in such steps. */
const calmStepMs = 250

/** On less nothing can be laid out, CSS pixels: the canvas is hidden. */
const leastSidePx = 40

/**
 * A lane's sequence diagram on a canvas. The page calls `draw` once per animation frame; it returns at once when
 * nothing has changed or moved by a pixel.
 *
 * It scrolls as a box in a page does: what it can't scroll by (beyond now, before the first arrow) is the page's, and
 * while it follows now a finger that moves up or down moves the page.
 */
export class DiagramView {
  readonly #canvas: HTMLCanvasElement
  readonly #options: DiagramViewOptions
  readonly #painter: CanvasPainter
  readonly #lifetime = new AbortController()
  readonly #resizes: ResizeObserver
  readonly #reducedMotion: MediaQueryList
  #viewport: Viewport = initialViewport
  #selected: Arrow | undefined
  #size: DiagramSize
  #list: DisplayList | undefined
  /** What the list was drawn from. */
  #drawn: readonly unknown[] = []

  /** @throws Error when the canvas has no 2D context */
  constructor(canvas: HTMLCanvasElement, options: DiagramViewOptions) {
    const surface = canvas.getContext('2d', { alpha: false })
    if (surface === null) throw new Error('The canvas has no 2D context: another kind was asked for before.')
    this.#canvas = canvas
    this.#options = options
    this.#painter = new CanvasPainter(surface)
    this.#size = this.#measured()
    this.#reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')
    this.#resizes = new ResizeObserver(() => {
      this.#size = this.#measured()
    })
    this.#resizes.observe(canvas)
    if (!canvas.hasAttribute('tabindex')) canvas.tabIndex = 0
    this.#listen()
    this.#useTouch()
  }

  get viewport(): Viewport {
    return this.#viewport
  }

  get isFollowing(): boolean {
    return this.#viewport.mode === 'following'
  }

  get selected(): Arrow | undefined {
    return this.#selected
  }

  /** What was drawn last. */
  get displayList(): DisplayList | undefined {
    return this.#list
  }

  draw(): void {
    if (this.#size.pixelRatio !== devicePixelRatio) this.#size = this.#measured()
    if (Math.min(this.#size.widthPx, this.#size.heightPx) < leastSidePx) return
    const lane = this.#options.lane()
    const nowMs = this.#nowMs()
    const theme = this.#options.theme()
    const scale = timeScaleOf(this.#viewport, nowMs, this.#size)
    // Lifelines and open bars grow as far as now, in whole pixels of the device's; below the lower edge nobody sees it.
    const nowY = Math.min(scale.bottomPx, Math.floor(yOf(scale, nowMs) * this.#size.pixelRatio))
    const from = [
      lane,
      laneState(lane),
      theme,
      this.#size,
      this.#viewport,
      this.#selected,
      scale.fromMs,
      nowY,
    ]
    if (from.every((value, index) => value === this.#drawn[index])) return
    this.#drawn = from
    this.#fitBitmap()
    const selected = this.#selected
    this.#list = layoutDiagram({ lane, viewport: this.#viewport, nowMs, size: this.#size, selected })
    this.#painter.paint(this.#list, theme)
  }

  followNow(): void {
    this.control({ kind: 'to-now' })
  }

  /** @returns whether anything has changed */
  control(input: ViewportInput): boolean {
    const before = this.#viewport
    this.#viewport = nextViewport(before, input, this.#extent())
    if (this.#viewport === before) return false
    this.#useTouch()
    this.#options.onViewport?.(this.#viewport)
    return true
  }

  /** Marks an arrow, and does not tell `onSelect`. One that is not known marks none. */
  select(id: string | undefined): void {
    this.#selected =
      id === undefined ? undefined : this.#options.lane().arrows.findLast((arrow) => arrow.id === id)
  }

  /** To the arrow before or after the selected one; to the last or the first in sight when there is none. */
  move(step: 1 | -1): void {
    const { arrows } = this.#options.lane()
    const index = this.#selected && indexOfArrow(arrows, this.#selected)
    const inSight = this.#list?.paths ?? []
    const next = index === undefined ? inSight.at(step === 1 ? 0 : -1)?.arrow : arrows[index + step]
    if (next !== undefined) this.#choose(next)
  }

  destroy(): void {
    this.#lifetime.abort()
    this.#resizes.disconnect()
  }

  #choose(arrow: Arrow | undefined): void {
    if (arrow === this.#selected) return
    this.#selected = arrow
    // What is looked at stays where it is.
    if (arrow !== undefined) this.control({ kind: 'show', atMs: arrow.sentAtMs })
    this.#options.onSelect(arrow)
  }

  #listen(): void {
    const { signal } = this.#lifetime
    this.#canvas.addEventListener('wheel', (event) => this.#onWheel(event), { signal, passive: false })
    this.#canvas.addEventListener('keydown', (event) => this.#onKey(event), { signal })
    listenForGestures(
      this.#canvas,
      {
        tap: (x, y, isFinger) => this.#choose(this.#arrowAt(x, y, isFinger)),
        drag: (byY) => this.control(dragInput(byY, this.#scale().pixelsPerMs)),
        pinch: (before, after, y) => this.control(pinchInput(before, after, timeAt(this.#scale(), y))),
        hover: (x, y) => {
          this.#canvas.style.cursor = this.#arrowAt(x, y, false) ? 'pointer' : 'default'
        },
      },
      signal,
    )
  }

  #onWheel(event: WheelEvent): void {
    const scale = this.#scale()
    const pointerMs = timeAt(scale, event.offsetY)
    const isTaken = this.control(
      wheelInput(event, { pixelsPerMs: scale.pixelsPerMs, pageHeightPx: this.#size.heightPx, pointerMs }),
    )
    if (isTaken || event.ctrlKey) event.preventDefault()
  }

  #onKey(event: KeyboardEvent): void {
    const action = keyAction(event, this.#viewport.visibleSeconds)
    if (action === undefined) return
    event.preventDefault()
    if (action.kind === 'move') this.move(action.step)
    else if (action.kind === 'deselect') this.#choose(undefined)
    else this.control(action.input)
  }

  #arrowAt(x: number, y: number, isFinger: boolean): Arrow | undefined {
    const tolerancePx = isFinger ? hitTolerancePx.finger : hitTolerancePx.mouse
    return this.#list && arrowAt(this.#list, x, y, tolerancePx)
  }

  #scale() {
    return timeScaleOf(this.#viewport, this.#nowMs(), this.#size)
  }

  #nowMs(): number {
    const nowMs = this.#options.nowMs()
    return this.#reducedMotion.matches ? Math.floor(nowMs / calmStepMs) * calmStepMs : nowMs
  }

  #extent(): Extent {
    const nowMs = this.#nowMs()
    return { nowMs, earliestMs: this.#options.lane().arrows[0]?.sentAtMs ?? nowMs }
  }

  /** While it follows now, a finger's drag is the page's; otherwise it scrolls through time. */
  #useTouch(): void {
    this.#canvas.style.touchAction = this.isFollowing ? 'pan-y pinch-zoom' : 'none'
  }

  #measured(): DiagramSize {
    const { clientWidth, clientHeight } = this.#canvas
    return { widthPx: clientWidth, heightPx: clientHeight, pixelRatio: devicePixelRatio }
  }

  /** Setting a canvas's size clears it: only when it differs. */
  #fitBitmap(): void {
    const { widthPx, heightPx, pixelRatio } = this.#size
    const width = Math.round(widthPx * pixelRatio)
    const height = Math.round(heightPx * pixelRatio)
    if (this.#canvas.width !== width) this.#canvas.width = width
    if (this.#canvas.height !== height) this.#canvas.height = height
  }
}
