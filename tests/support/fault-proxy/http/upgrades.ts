import type { HttpFault } from './http-fault.js'
import { say } from './own-answer.js'

export const upgrades: HttpFault = {
  takes(visit, { upgrades }) {
    if (!visit.isUpgrade || upgrades === 'pass' || upgrades === 'strip') return false
    if (upgrades === 'refuse') say(visit, 502, {})
    // Nothing is read either, but that the client gives up is seen.
    else visit.socket.once('end', () => visit.socket.destroy()).resume()
    return true
  },
  isStripped: (faults) => faults.upgrades === 'strip',
}
