import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Faults, noFaults, Weather } from './faults.js'
import { httpProxy } from './http/http-proxy.js'
import { lineFaults } from './line/index.js'
import { Line } from './line/line.js'

export interface SeenRequest {
  readonly atMs: number
  readonly method: string
  readonly path: string
  readonly isUpgrade: boolean
}

/**
 * A network between clients and a server, and a proxy in it: real connections, which behave as its faults say. Faults
 * are set and cleared while connections are open.
 *
 *     client ─▶ lines: bytes, late, lost or cut ─▶ proxy: requests and answers ─▶ server
 */
export class FaultProxy {
  url = ''
  /** Requests that have reached the proxy, in their order. */
  readonly requests: SeenRequest[] = []
  /** Connections that have come. */
  connections = 0
  readonly #weather = new Weather()
  readonly #lines = new Set<Line>()
  readonly #listener: Server
  readonly #http: HttpServer
  readonly #watchers = new Set<() => void>()

  private constructor(server: { readonly url: string }) {
    const { hostname: host, port } = new URL(server.url)
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#join(client))
    this.#http = httpProxy({ host, port: Number(port) }, this.#weather, ({ request, isUpgrade }) => {
      const { method = '', url: path = '' } = request
      this.requests.push({ atMs: performance.now(), method, path, isUpgrade })
      for (const watcher of [...this.#watchers]) watcher()
    })
  }

  /** Whoever starts one stops it. */
  static async start(server: { readonly url: string }): Promise<FaultProxy> {
    const proxy = new FaultProxy(server)
    for (const listener of [proxy.#listener, proxy.#http]) {
      listener.listen(0, '127.0.0.1')
      await once(listener, 'listening')
    }
    proxy.url = `http://127.0.0.1:${portOf(proxy.#listener)}`
    return proxy
  }

  /** Stopped with all its connections when the test is over. */
  static async before(server: { readonly url: string }): Promise<FaultProxy> {
    const proxy = await FaultProxy.start(server)
    onTestFinished(() => proxy.stop())
    return proxy
  }

  get faults(): Faults {
    return this.#weather.faults
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#lines.size
  }

  /** Bytes that half-open connections have lost. */
  get lostBytes(): number {
    return this.#weather.lostBytes
  }

  /** From now on these hold beside those that do already. */
  set(faults: Partial<Faults>): void {
    this.#weather.become({ ...this.#weather.faults, ...faults })
  }

  /** All faults are over. Connections that they have broken stay so. */
  clear(): void {
    this.#weather.become(noFaults)
  }

  /** Ends all connections. */
  cut(how: 'fin' | 'rst'): void {
    for (const line of [...this.#lines]) line.end(how)
  }

  /** @returns the first request from now on, or seen before, that is so */
  async seen(isSo: (request: SeenRequest) => boolean): Promise<SeenRequest> {
    for (let at = 0; ; at++) {
      while (at >= this.requests.length) await this.#next()
      const request = this.requests[at] as SeenRequest
      if (isSo(request)) return request
    }
  }

  stop(): void {
    this.cut('fin')
    this.#listener.close()
    this.#http.close()
    this.#http.closeAllConnections()
  }

  #join(client: Socket): void {
    this.connections++
    client.on('error', () => {})
    if (!lineFaults.every(({ mayCome }) => mayCome?.(this.#weather.faults) ?? true)) {
      client.resetAndDestroy()
      return
    }
    const behind = connect({
      host: '127.0.0.1',
      port: portOf(this.#http),
      allowHalfOpen: true,
      noDelay: true,
    })
    const line: Line = new Line(client, behind, this.#weather, () => this.#lines.delete(line))
    this.#lines.add(line)
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        this.#watchers.delete(watcher)
        resolve()
      }
      this.#watchers.add(watcher)
    })
  }
}

function portOf(listener: Server): number {
  return (listener.address() as AddressInfo).port
}
