import type { LineFault } from './line-fault.js'

/** As when a router has forgotten a connection: a stream that has lost bytes never goes on. */
export const halfOpen: LineFault = {
  take(passing, course, { halfOpen }) {
    if (halfOpen === course.direction) course.isLost = true
    return course.isLost ? [] : [passing]
  },
}
