import { join } from 'node:path'
import { places } from '../places.mjs'
import { needRedis, redis } from '../redis.mjs'
import { json, send } from './post.mjs'

const server = join(places.installed, 'servers/socket-io.mjs')
const post = (port, path, n) => send(`http://127.0.0.1:${port}${path}`, 'POST', json, JSON.stringify({ n }))

export const socketIo = {
  name: 'socket-io',
  title: 'socket.io-client',
  package: 'socket.io-client',
  usual: `export { io } from 'socket.io-client'`,
  everything: `export * from 'socket.io-client'`,
  server: 'socket.io with connection state recovery',
  serve: ({ port }) => [process.execPath, server, String(port)],
  prepare: async () => {},
  /** Sent by the server to whoever joins. */
  leaveWaiting: (port, _channel, n) => post(port, '/waiting', n),
  publish: (port, _channel, n) => post(port, '/', n),
}

/** What its documentation names for more than one server keeps sessions and packets across a restart, too. */
export const socketIoRedis = {
  ...socketIo,
  name: 'socket-io-redis',
  hears: 'socket-io',
  server: 'socket.io with connection state recovery, Redis Streams adapter',
  isForTroubleOnly: true,
  install: async () => needRedis(),
  store: redis,
  serve: ({ port, storePort }) => [process.execPath, server, String(port), String(storePort)],
}
