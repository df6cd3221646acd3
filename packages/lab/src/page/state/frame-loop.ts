const painters = new Set<(frameMs: number) => void>()
let isLooping = false

/**
 * Paints with every frame, all painters in one `requestAnimationFrame`; while nothing is to be painted, and in a tab
 * that nobody sees, there is none.
 *
 * @returns what stops it
 */
export function paintEachFrame(painter: (frameMs: number) => void): () => void {
  painters.add(painter)
  if (!isLooping) {
    isLooping = true
    requestAnimationFrame(frame)
  }
  return () => painters.delete(painter)
}

function frame(frameMs: number): void {
  for (const painter of painters) painter(frameMs)
  isLooping = painters.size > 0
  if (isLooping) requestAnimationFrame(frame)
}
