import type { LineFault } from './line-fault.js'

export const idle: LineFault = {
  lifeMs: ({ idleMs }) => (idleMs === 0 ? Number.POSITIVE_INFINITY : idleMs),
}
