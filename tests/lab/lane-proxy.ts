import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { laneParameter, parseLaneTag, type Way, ways } from '@tidings/protocol'
import { onTestFinished } from 'vitest'

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
  readonly url: string
  readonly lanes: Readonly<Record<Way, LaneCounts>>

  private constructor(url: string) {
    const counts = () => ({ requests: 0, connections: 0, bytesUp: 0, bytesDown: 0 })
    this.url = url
    this.lanes = Object.fromEntries(ways.map((way) => [way, counts()])) as Record<Way, LaneCounts>
  }

  /** Stopped with all its connections when the test is over. */
  static async before(server: { readonly url: string }): Promise<LaneProxy> {
    const sockets = new Set<Socket>()
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({
        port: Number(new URL(server.url).port),
        host: '127.0.0.1',
        allowHalfOpen: true,
      })
      for (const socket of [client, upstream]) sockets.add(socket)
      proxy.#join(client, upstream)
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const proxy = new LaneProxy(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`)
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      listener.close()
    })
    return proxy
  }

  #join(client: Socket, upstream: Socket): void {
    let lane: LaneCounts | undefined
    let isFirst = true
    client.on('data', (chunk: Buffer) => {
      const target = requestLine.exec(chunk.toString('latin1'))?.[1]
      if (target !== undefined) {
        lane = this.#laneOf(target)
        if (lane) lane.requests++
        if (lane && isFirst) lane.connections++
        isFirst = false
      }
      if (lane) lane.bytesUp += chunk.byteLength
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (lane) lane.bytesDown += chunk.byteLength
      client.write(chunk)
    })
    client.on('end', () => upstream.end()).on('error', () => upstream.destroy())
    upstream.on('end', () => client.end()).on('error', () => client.destroy())
    client.on('close', () => upstream.destroySoon())
    upstream.on('close', () => client.destroySoon())
  }

  #laneOf(target: string): LaneCounts | undefined {
    const tag = new URLSearchParams(target.split('?')[1] ?? '').get(laneParameter)
    const lane = tag === null ? undefined : parseLaneTag(tag)?.lane
    return lane && this.lanes[lane]
  }
}
