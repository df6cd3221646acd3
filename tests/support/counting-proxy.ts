import { startTcpProxy } from './tcp-proxy.js'

/** Stands between clients and a server, passes every byte on, and counts: what the server's own figures must equal. */
export class CountingProxy {
  url = ''
  connections = 0
  /** From the clients to the server. */
  bytesUp = 0
  bytesDown = 0

  private constructor() {}

  /** Stopped with all its connections when the test is over. */
  static async before(server: { readonly url: string }): Promise<CountingProxy> {
    const proxy = new CountingProxy()
    proxy.url = await startTcpProxy(server, () => {
      proxy.connections++
      return {
        up: ({ byteLength }) => {
          proxy.bytesUp += byteLength
        },
        down: ({ byteLength }) => {
          proxy.bytesDown += byteLength
        },
      }
    })
    return proxy
  }
}
