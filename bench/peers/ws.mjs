import { npmServer } from '../harness/npm-peers.mjs'

/** A loop over sockets, as most tutorials have it. */
export const peer = {
  name: 'ws',
  title: 'ws, a send for each socket',
  install: () => npmServer('ws-server.mjs'),
  serve: async ({ port }) => ({
    command: [process.execPath, await npmServer('ws-server.mjs'), String(port)],
  }),
  publish: {
    http: { publishPath: '/{c}' },
    websocket: { publishVia: 'websocket', publishPath: '/{c}', publishHeaders: '', acknowledgement: '@' },
  },
  endpoints: [{ way: 'websocket', load: { path: '/{c}', bareFrames: 1 } }],
}
