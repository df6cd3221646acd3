import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Absent } from '../harness/absent.mjs'
import { node } from '../harness/node.mjs'
import { places } from '../harness/places.mjs'
import { makeChannels } from './make-channels.mjs'

const program = join(places.root, 'packages/server/bin/tidings.js')
const channel = '/v1/stream/bench-{c}'
const envelopes = 'sec-websocket-protocol: tidings.v1\r\n'

/** This repository's build: the disk engine with `fsync`, and its defaults. */
export const peer = {
  name: 'tidings',
  title: 'Tidings',
  hasTls: true,

  async install() {
    if (!existsSync(join(places.root, 'packages/server/dist/cli/main.js')))
      throw new Absent('it is not built: npm run build')
  },

  async serve({ folder, port, isTls = false, durability = 'fsync', hasMonitor = false }) {
    const args = ['serve', '--port', String(port), '--data', join(folder, 'data')]
    args.push('--durability', durability === 'os' ? 'os' : 'fsync')
    if (isTls) args.push('--tls-self-signed')
    return { command: [...node(hasMonitor), program, ...args], hasMonitor }
  },

  prepare: ({ durability, ...options }) =>
    makeChannels(channel, {
      ...options,
      headers: durability === 'memory' ? { 'stream-durability': 'memory' } : {},
    }),

  publish: {
    http: { publishPath: channel },
    websocket: {
      publishVia: 'websocket',
      publishPath: `${channel}?live=websocket&offset=now`,
      publishHeaders: '',
      acknowledgement: '@',
    },
    'tidings.v1': {
      publishVia: 'websocket',
      publishPath: '/v1/socket',
      publishHeaders: envelopes,
      publishPrefix: '{"type":"publish","channel":"bench-{c}","messages":[',
      publishSuffix: ']}',
      acknowledgement: '"type":"published"',
      refusal: '"type":"error"',
    },
  },

  endpoints: [
    { way: 'websocket', load: { path: `${channel}?live=websocket&offset={o}`, bareFrames: 1 } },
    { way: 'sse', load: { way: 'sse', path: `${channel}?live=sse&offset={o}` } },
    {
      way: 'sse',
      note: 'events=message',
      load: { way: 'sse', path: `${channel}?live=sse&offset={o}&events=message` },
    },
    {
      way: 'many on one socket',
      load: { path: '/v1/socket', headers: envelopes, hello: '{"type":"subscribe","channel":"bench-{c}"}' },
    },
    { way: 'long-poll', load: { way: 'poll', path: `${channel}?live=long-poll&offset={o}` } },
    { way: 'short-poll', load: { way: 'poll', path: `${channel}?offset={o}` } },
  ],
}
