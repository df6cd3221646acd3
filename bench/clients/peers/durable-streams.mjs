import { join } from 'node:path'
import { places } from '../places.mjs'
import { json, send } from './post.mjs'

const urlOf = (port, channel) => `http://127.0.0.1:${port}/v1/stream/${channel}`

export const durableStreams = {
  name: 'durable-streams',
  title: '@durable-streams/client',
  package: '@durable-streams/client',
  usual: `export { stream } from '@durable-streams/client'`,
  everything: `export * from '@durable-streams/client'`,
  server: '@durable-streams/server with its file store',
  hasHistory: true,
  hasNoWebSocket: true,
  serve: ({ port, folder }) => [
    process.execPath,
    join(places.installed, 'servers/durable-streams.mjs'),
    String(port),
    join(folder, 'data'),
  ],
  prepare: (port, channel) => send(urlOf(port, channel), 'PUT', json),
  publish: (port, channel, n) => send(urlOf(port, channel), 'POST', json, JSON.stringify({ n })),
}
