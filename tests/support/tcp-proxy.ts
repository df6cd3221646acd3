import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Sees what passes a connection, before it goes on. */
export interface Passage {
  /** From the client to the server. */
  up(chunk: Buffer): void
  down(chunk: Buffer): void
}

/**
 * Stands between clients and a server and passes every byte on; stopped with all its connections when the test is over.
 *
 * @param onConnection called for each connection of a client
 * @returns its URL
 */
export async function startTcpProxy(
  server: { readonly url: string },
  onConnection: () => Passage,
): Promise<string> {
  const sockets = new Set<Socket>()
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({
      port: Number(new URL(server.url).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    })
    for (const socket of [client, upstream]) sockets.add(socket)
    const passage = onConnection()
    join(client, upstream, (chunk) => passage.up(chunk))
    join(upstream, client, (chunk) => passage.down(chunk))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

function join(from: Socket, to: Socket, see: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    see(chunk)
    to.write(chunk)
  })
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroySoon())
}
