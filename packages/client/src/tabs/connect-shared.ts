import type { Way } from '@tidings/protocol'
import type { Links, OpenLink } from '../links/index.js'
import { allWays, type ConnectOptions, connect, type Tidings } from '../tidings.js'
import { TabLink } from './tab-link.js'

export interface SharedOptions extends Omit<ConnectOptions, 'links' | 'policy'> {
  /** Tabs with another one share another connection: the user's name, where one origin has several at a time. */
  readonly group?: string
}

/** Part of the names that tabs meet by: raised when what they say to each other changes. */
const version = 1

/**
 * As `connect`, with one connection to the server for all tabs (windows, frames, workers) of this origin that hear
 * something of it.
 *
 *     for await (const order of connectShared('https://news.example').channel('orders')) show(order)
 *
 * One of them leads and has the connection. When it is closed or crashes, another takes over at once, and within 2 s
 * when it hangs; each goes on from its own offset, and nothing is lost. It is the leader's `ways`, `headers` and
 * `getToken` that count for what is shared: for tabs of one user, or a `group` for each. What a tab reads by itself, to
 * catch up, and what it publishes, goes with its own.
 *
 * Where tabs can not share (pages of http: that are not local, Node before 24) each has its own connection.
 *
 * @throws ProblemError `address-invalid`, `way-unknown`
 * @see Web Locks API; HTML standard, "Broadcasting to other browsing contexts"
 */
export function connectShared(url: string | URL, options: SharedOptions = {}): Tidings {
  const { group = '', ways = allWays, ...rest } = options
  if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) return connect(url, { ...rest, ways })
  // Says at once what is wrong with the ways, which the leader is the first to use.
  connect(url, { ways })
  return connect(url, {
    ...rest,
    // The single way there is: another tab's.
    ways: 'websocket',
    links: (settings) => {
      const name = `tidings ${version} ${settings.network.server} ${group} `
      const shared = { name, ways: ([] as Way[]).concat(ways), settings }
      const open: OpenLink = (owner, network) => new TabLink(owner, network, shared)
      const opened = { websocket: open } as Links['opened']
      return { opened, proved: opened }
    },
  })
}
