import type { LineFault } from './line-fault.js'

export const blackHole: LineFault = { mayGoOn: (faults) => !faults.blackHole }
