import type { LineFault } from './line-fault.js'

export const refuse: LineFault = { mayCome: (faults) => !faults.refuse }
