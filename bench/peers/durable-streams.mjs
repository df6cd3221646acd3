import { join } from 'node:path'
import { node } from '../harness/node.mjs'
import { npmServer } from '../harness/npm-peers.mjs'
import { makeChannels } from './make-channels.mjs'

const channel = '/v1/stream/bench-{c}'

/** The reference server of the protocol that Tidings speaks, with either of its stores. */
function durableStreams(name, title, hasFiles) {
  return {
    name,
    title,
    install: () => npmServer('durable-streams-server.mjs'),
    serve: async ({ port, folder, hasMonitor }) => {
      const store = hasFiles ? [join(folder, 'data')] : []
      const program = await npmServer('durable-streams-server.mjs')
      return { command: [...node(hasMonitor), program, String(port), ...store], hasMonitor }
    },
    prepare: (options) => makeChannels(channel, options),
    publish: { http: { publishPath: channel } },
    endpoints: [
      { way: 'sse', load: { way: 'sse', path: `${channel}?live=sse&offset={o}` } },
      { way: 'long-poll', load: { way: 'poll', path: `${channel}?live=long-poll&offset={o}` } },
      { way: 'short-poll', load: { way: 'poll', path: `${channel}?offset={o}` } },
    ],
  }
}

export const inMemory = durableStreams('durable-streams', 'Durable Streams reference, in memory', false)
export const inFiles = durableStreams('durable-streams-files', 'Durable Streams reference, file store', true)
