import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../peers/centrifugo.mjs'
import { needRedis, redis } from '../redis.mjs'
import { json, send } from './post.mjs'

/** History and recovery in all channels, and the two fallbacks that its client has. */
const settings = (port, engine) => ({
  ...engine,
  http_server: { address: '127.0.0.1', port },
  log: { level: 'error' },
  client: { allowed_origins: ['*'], allow_anonymous_connect_without_token: true },
  channel: {
    without_namespace: {
      allow_subscribe_for_client: true,
      allow_subscribe_for_anonymous: true,
      history_size: 10_000,
      history_ttl: '600s',
      force_recovery: true,
    },
  },
  http_stream: { enabled: true },
  sse: { enabled: true },
  http_api: { key: 'key' },
  usage_stats: { disabled: true },
})

async function serve({ port, folder }, engine) {
  const { command } = await peer.serve({ port, folder })
  await writeFile(join(folder, 'centrifugo.json'), JSON.stringify(settings(port, engine)))
  return command
}

export const centrifuge = {
  name: 'centrifuge',
  title: 'centrifuge',
  package: 'centrifuge',
  usual: `export { Centrifuge } from 'centrifuge'`,
  everything: `export * from 'centrifuge'`,
  server: `${peer.title} and recovery, in memory`,
  hasHistory: true,
  install: () => peer.install(),
  serve: (options) => serve(options),
  prepare: async () => {},
  async publish(port, channel, n) {
    const headers = { ...json, 'x-api-key': 'key' }
    const body = JSON.stringify({ channel, data: { n } })
    const answer = JSON.parse(await send(`http://127.0.0.1:${port}/api/publish`, 'POST', headers, body))
    if (answer.error) throw new Error(answer.error.message)
  },
}

/** The engine that its documentation names for a history that survives a restart. */
export const centrifugeRedis = {
  ...centrifuge,
  name: 'centrifuge-redis',
  hears: 'centrifuge',
  server: `${peer.title} and recovery, in Redis`,
  isForTroubleOnly: true,
  async install() {
    needRedis()
    await peer.install()
  },
  store: redis,
  serve: (options) =>
    serve(options, {
      engine: { type: 'redis', redis: { address: `redis://127.0.0.1:${options.storePort}` } },
    }),
}
