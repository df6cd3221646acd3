import { laneParameter, parseLaneTag, type Way, ways } from '@tidings/protocol'
import { type Passage, startTcpProxy } from '../support/tcp-proxy.js'

export interface LaneCounts {
  requests: number
  connections: number
  bytesUp: number
  bytesDown: number
}

const requestLine = /^(?:GET|POST|PUT|HEAD|DELETE|OPTIONS) (\S+) HTTP\/1\.1\r\n/

/**
 * Stands between a browser and a server and counts every byte, by the lane that the request on the connection is
 * tagged with. Browsers ask one thing after another on a connection: what goes either way belongs to the request that
 * came last.
 */
export class LaneProxy {
  url = ''
  readonly lanes: Readonly<Record<Way, LaneCounts>>

  private constructor() {
    const counts = () => ({ requests: 0, connections: 0, bytesUp: 0, bytesDown: 0 })
    this.lanes = Object.fromEntries(ways.map((way) => [way, counts()])) as Record<Way, LaneCounts>
  }

  /** Stopped with all its connections when the test is over. */
  static async before(server: { readonly url: string }): Promise<LaneProxy> {
    const proxy = new LaneProxy()
    proxy.url = await startTcpProxy(server, () => proxy.#count())
    return proxy
  }

  #count(): Passage {
    let lane: LaneCounts | undefined
    let isFirst = true
    return {
      up: (chunk) => {
        const target = requestLine.exec(chunk.toString('latin1'))?.[1]
        if (target !== undefined) {
          lane = this.#laneOf(target)
          if (lane) lane.requests++
          if (lane && isFirst) lane.connections++
          isFirst = false
        }
        if (lane) lane.bytesUp += chunk.byteLength
      },
      down: ({ byteLength }) => {
        if (lane) lane.bytesDown += byteLength
      },
    }
  }

  #laneOf(target: string): LaneCounts | undefined {
    const tag = new URLSearchParams(target.split('?')[1] ?? '').get(laneParameter)
    const lane = tag === null ? undefined : parseLaneTag(tag)?.lane
    return lane && this.lanes[lane]
  }
}
