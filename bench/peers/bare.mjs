import { node } from '../harness/node.mjs'
import { npmServer } from '../harness/npm-peers.mjs'

/** No product: what Node itself costs, to hold the figures against. */
export const peer = {
  name: 'bare',
  title: 'bare Node, a write for each delivery',
  install: () => npmServer('bare-server.mjs'),
  serve: async ({ port }) => ({
    command: [...node(), await npmServer('bare-server.mjs'), String(port)],
  }),
  publish: { http: { publishPath: '/{c}' } },
  endpoints: [
    { way: 'websocket', load: { path: '/{c}', bareFrames: 1 } },
    { way: 'short-poll', load: { way: 'poll', path: '/{c}' } },
  ],
}
