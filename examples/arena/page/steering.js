const keys = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  KeyA: [-1, 0],
  KeyD: [1, 0],
  KeyW: [0, -1],
  KeyS: [0, 1],
}

/** A finger that rests on the player means to stand still, pixels. */
const restPixels = 12

/**
 * Where the player wants to go, by arrow keys or WASD, or by a pointer that is held down on the field.
 *
 * @param {HTMLElement} surface  takes the keys while it has the focus
 * @param {() => { x: number, y: number } | undefined} ownPosition  on the page, pixels
 * @returns {() => { x: number, y: number }} the wish now, at most 1 long
 */
export function steering(surface, ownPosition) {
  const held = new Set()
  let pointer

  surface.addEventListener('keydown', (event) => {
    if (!(event.code in keys) || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    held.add(event.code)
  })
  // Wherever the key is let go: a page that misses it would walk on for ever.
  addEventListener('keyup', ({ code }) => held.delete(code))
  addEventListener('blur', () => {
    held.clear()
    pointer = undefined
  })
  surface.addEventListener('pointerdown', (event) => {
    surface.setPointerCapture(event.pointerId)
    pointer = { x: event.clientX, y: event.clientY }
  })
  surface.addEventListener('pointermove', (event) => {
    if (pointer !== undefined) pointer = { x: event.clientX, y: event.clientY }
  })
  for (const end of ['pointerup', 'pointercancel']) {
    surface.addEventListener(end, () => {
      pointer = undefined
    })
  }

  return () => {
    const own = pointer && ownPosition()
    if (own === undefined) {
      const wishes = [...held].map((code) => keys[code])
      const [x, y] = [0, 1].map((axis) => Math.sign(wishes.reduce((sum, wish) => sum + wish[axis], 0)))
      return shortened(x, y)
    }
    const [x, y] = [pointer.x - own.x, pointer.y - own.y]
    return Math.hypot(x, y) < restPixels ? { x: 0, y: 0 } : shortened(x, y)
  }
}

function shortened(x, y) {
  const length = Math.max(1, Math.hypot(x, y))
  return { x: x / length, y: y / length }
}
