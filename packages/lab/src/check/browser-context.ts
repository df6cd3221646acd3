import type { CheckContext } from './check.js'
import { ProbeChannel } from './probe/channel.js'
import type { CheckSettings } from './settings.js'

/** What one run of a check is given, and what puts away what it has made. */
export interface CheckSession {
  readonly context: CheckContext
  /** Removes its channels. */
  release(): Promise<void>
}

/** Opens a session: `progress` hears what the check says, `signal` ends its requests. */
export type OpenSession = (progress: (text: string) => void, signal: AbortSignal) => CheckSession

/** Sessions of checks in this page: its channels are removed as well when the page goes away. */
export function openInPage(settings: CheckSettings): OpenSession {
  const { origin } = location
  const httpVersion = httpVersionOfPage()
  return (progress, signal) => {
    const channels = new Set<ProbeChannel>()
    const removeAll = async () => {
      window.removeEventListener('pagehide', removeSoon)
      const leaving = [...channels]
      channels.clear()
      await Promise.all(leaving.map((channel) => channel.remove()))
    }
    const removeSoon = () => void removeAll()
    window.addEventListener('pagehide', removeSoon)
    const openChannel = async () => {
      const channel = await ProbeChannel.create(origin, signal)
      channels.add(channel)
      return channel
    }
    return { context: { settings, httpVersion, openChannel, progress }, release: removeAll }
  }
}

/** @see Resource Timing §4.3, nextHopProtocol: an ALPN identifier */
export function httpVersionOfPage(): string {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return navigation?.nextHopProtocol ?? ''
}
