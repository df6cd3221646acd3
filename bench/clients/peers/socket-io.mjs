import { join } from 'node:path'
import { places } from '../places.mjs'
import { json, send } from './post.mjs'

const post = (port, path, n) => send(`http://127.0.0.1:${port}${path}`, 'POST', json, JSON.stringify({ n }))

export const socketIo = {
  name: 'socket-io',
  title: 'socket.io-client',
  package: 'socket.io-client',
  usual: `export { io } from 'socket.io-client'`,
  everything: `export * from 'socket.io-client'`,
  server: 'socket.io with connection state recovery',
  serve: ({ port }) => [process.execPath, join(places.installed, 'servers/socket-io.mjs'), String(port)],
  prepare: async () => {},
  /** Sent by the server to whoever joins. */
  leaveWaiting: (port, _channel, n) => post(port, '/waiting', n),
  publish: (port, _channel, n) => post(port, '/', n),
}
