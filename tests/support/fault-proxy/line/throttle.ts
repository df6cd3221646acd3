import type { LineFault } from './line-fault.js'

/** How long a slice takes at most, milliseconds: what is slow trickles, it does not come in lumps. */
const sliceMs = 50

export const throttle: LineFault = {
  take(passing, course, { bytesPerSecond }) {
    if (bytesPerSecond === 0) return [passing]
    const nowMs = performance.now()
    const sliceBytes = Math.max(1, Math.floor((bytesPerSecond * sliceMs) / 1000))
    const slices: Buffer[] = []
    for (let at = 0; at < passing.bytes.length; at += sliceBytes) {
      slices.push(passing.bytes.subarray(at, at + sliceBytes))
    }
    return slices.map((bytes) => {
      course.freeAtMs = Math.max(course.freeAtMs, nowMs) + (bytes.length * 1000) / bytesPerSecond
      return { ...passing, bytes, delayMs: passing.delayMs + course.freeAtMs - nowMs }
    })
  },
}
