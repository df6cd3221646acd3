import type { Way } from '@tidings/protocol'
import { expect } from 'vitest'
import type { CountingProxy } from '../support/counting-proxy.js'
import { statsOf, type WayStats } from '../support/stats.js'

type Counts = Omit<WayStats, 'bytesIn' | 'bytesOut' | 'bytesSaved' | 'connectionsOpen'>

/** The server's figures of a way are those of the proxy that all its clients went through, once nothing moves. */
export async function expectEqualCosts(
  server: { readonly url: string },
  way: Way | 'publish',
  proxy: CountingProxy,
  counts: Counts,
): Promise<void> {
  const measured = () => ({ bytesIn: proxy.bytesUp, bytesOut: proxy.bytesDown })
  const isEqual = ({ bytesIn, bytesOut }: WayStats) => {
    const proxied = measured()
    return bytesIn === proxied.bytesIn && bytesOut === proxied.bytesOut
  }
  // A client may have its answer before the server has counted it; a difference that stays ends in the test's timeout.
  const { ways } = await statsOf(server).until((stats) => isEqual(stats.ways[way]))
  expect(ways[way]).toMatchObject({ ...measured(), ...counts })
  expect(proxy.connections).toBe(counts.connectionsOpened)
  expect(proxy.bytesUp).toBeGreaterThan(0)
}
