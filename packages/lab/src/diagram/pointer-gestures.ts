/** What fingers and mice do on an element; places are CSS pixels from its upper left corner. */
export interface GestureTarget {
  tap(x: number, y: number, isFinger: boolean): void
  /** The pointer that holds the picture has moved down by so much. */
  drag(byY: number): void
  /** Two fingers are so far apart now, around `y`. */
  pinch(beforePx: number, afterPx: number, y: number): void
  /** A mouse is here and holds nothing. */
  hover(x: number, y: number): void
}

interface Pointer {
  x: number
  y: number
  readonly startX: number
  readonly startY: number
  hasMoved: boolean
}

/** Less is a tap by an unsteady hand. */
const leastDragPx = 6

/** Two fingers mean something; a third does not. */
const mostPointers = 2

/** Listens until `signal` ends. */
export function listenForGestures(element: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  const pointers = new Map<number, Pointer>()

  function place(event: PointerEvent): { x: number; y: number } {
    const box = element.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  function down(event: PointerEvent): void {
    if (event.button !== 0 || pointers.size >= mostPointers) return
    const { x, y } = place(event)
    pointers.set(event.pointerId, { x, y, startX: x, startY: y, hasMoved: false })
    if (pointers.size === mostPointers) for (const pointer of pointers.values()) pointer.hasMoved = true
  }

  function move(event: PointerEvent): void {
    const { x, y } = place(event)
    const pointer = pointers.get(event.pointerId)
    if (pointer === undefined) {
      if (event.pointerType === 'mouse') target.hover(x, y)
      return
    }
    const beforePx = spread(pointers)
    const byY = y - pointer.y
    if (!pointer.hasMoved && Math.hypot(x - pointer.startX, y - pointer.startY) < leastDragPx) return
    if (!pointer.hasMoved) element.setPointerCapture(event.pointerId)
    pointer.hasMoved = true
    pointer.x = x
    pointer.y = y
    if (pointers.size === 1) target.drag(byY)
    else target.pinch(beforePx, spread(pointers), middle(pointers))
  }

  function up(event: PointerEvent): void {
    const pointer = pointers.get(event.pointerId)
    pointers.delete(event.pointerId)
    if (pointer !== undefined && !pointer.hasMoved)
      target.tap(pointer.x, pointer.y, event.pointerType !== 'mouse')
  }

  element.addEventListener('pointerdown', down, { signal })
  element.addEventListener('pointermove', move, { signal })
  element.addEventListener('pointerup', up, { signal })
  element.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId), { signal })
  // A mouse that leaves unpressed and is let go of elsewhere is not heard of again.
  element.addEventListener('lostpointercapture', (event) => pointers.delete(event.pointerId), { signal })
  element.addEventListener('pointerleave', (event) => pointers.delete(event.pointerId), { signal })
}

function spread(pointers: ReadonlyMap<number, Pointer>): number {
  const [first, second] = [...pointers.values()]
  return first && second ? Math.hypot(first.x - second.x, first.y - second.y) : 0
}

function middle(pointers: ReadonlyMap<number, Pointer>): number {
  const all = [...pointers.values()]
  return all.reduce((sum, pointer) => sum + pointer.y, 0) / Math.max(1, all.length)
}
