import { path } from '@tidings/protocol'
import { requestMs } from './request-ms.js'

/**
 * How many requests for a WebSocket the server has counted so far, those without an `Upgrade` too. A page is not told
 * how an upgrade was answered; whether it arrived at all, this tells.
 *
 * @returns undefined where the server does not tell
 */
export async function countUpgradeRequests(origin: string, signal: AbortSignal): Promise<number | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(requestMs)])
  try {
    const response = await fetch(new URL(path.stats, origin), { cache: 'no-store', signal: patience })
    const stats = (await response.json()) as {
      readonly ways?: { readonly websocket?: { readonly requests?: unknown } }
    }
    const requests = stats.ways?.websocket?.requests
    return typeof requests === 'number' ? requests : undefined
  } catch {
    return undefined
  }
}
