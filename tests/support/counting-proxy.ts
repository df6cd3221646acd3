import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Stands between clients and a server, passes every byte on, and counts: what the server's own figures must equal. */
export class CountingProxy {
  readonly url: string
  connections = 0
  /** From the clients to the server. */
  bytesUp = 0
  bytesDown = 0

  private constructor(url: string) {
    this.url = url
  }

  /** Stopped with all its connections when the test is over. */
  static async before(server: { readonly url: string }): Promise<CountingProxy> {
    const sockets = new Set<Socket>()
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({
        port: Number(new URL(server.url).port),
        host: '127.0.0.1',
        allowHalfOpen: true,
      })
      for (const socket of [client, upstream]) sockets.add(socket)
      proxy.connections++
      join(client, upstream, (bytes) => {
        proxy.bytesUp += bytes
      })
      join(upstream, client, (bytes) => {
        proxy.bytesDown += bytes
      })
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const proxy = new CountingProxy(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`)
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      listener.close()
    })
    return proxy
  }
}

function join(from: Socket, to: Socket, count: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    count(chunk.byteLength)
    to.write(chunk)
  })
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroySoon())
}
