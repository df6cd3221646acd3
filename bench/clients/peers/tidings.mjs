import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { peer } from '../../peers/tidings.mjs'
import { places } from '../places.mjs'
import { json, send } from './post.mjs'

const manifest = JSON.parse(readFileSync(join(places.root, 'packages/client/package.json'), 'utf8'))
// `./ways` is the protocol as it is, for other programs than pages: no part of the SDK.
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './ways')
const urlOf = (port, channel) => `http://127.0.0.1:${port}/v1/stream/${channel}`

export const tidings = {
  name: 'tidings',
  title: '@tidings/client',
  package: '@tidings/client',
  version: manifest.version,
  usual: `export { connect } from '@tidings/client'`,
  everything: entries.map((entry) => `export * from '@tidings/client${entry.slice(1)}'`).join('\n'),
  note: `everything: ${entries.join(', ')}`,
  server: 'Tidings of this repository, on disk with `fsync`',
  hasHistory: true,
  install: () => peer.install(),
  serve: async ({ port, folder }) => (await peer.serve({ port, folder })).command,
  prepare: (port, channel) => send(urlOf(port, channel), 'PUT', json),
  publish: (port, channel, n) => send(urlOf(port, channel), 'POST', json, JSON.stringify({ n })),
}
