import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A relay to a server, whose connections a test cuts. */
export async function startRelay(target: string) {
  const sockets = new Set<Socket>()
  const relay = createServer((socket) => {
    const { hostname, port } = new URL(target)
    const upstream = connect(Number(port), hostname)
    for (const end of [socket, upstream]) {
      sockets.add(end)
      end
        .on('error', () => {})
        .on('close', () => {
          socket.destroy()
          upstream.destroy()
        })
    }
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  onTestFinished(() => {
    cut()
    relay.close()
  })
  return { url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`, cut }
}
