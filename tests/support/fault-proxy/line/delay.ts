import type { LineFault } from './line-fault.js'

export const delay: LineFault = {
  take(passing, { direction }, { delayUpMs, delayDownMs }) {
    const delayMs = direction === 'up' ? delayUpMs : delayDownMs
    return [{ ...passing, delayMs: passing.delayMs + delayMs }]
  },
}
