import { blackHole } from './black-hole.js'
import { cutBody } from './cut-body.js'
import { delay } from './delay.js'
import { halfOpen } from './half-open.js'
import { idle } from './idle.js'
import type { LineFault } from './line-fault.js'
import { refuse } from './refuse.js'
import { throttle } from './throttle.js'

/** In the order in which they meet what passes. */
export const lineFaults: readonly LineFault[] = [refuse, halfOpen, cutBody, throttle, delay, blackHole, idle]
