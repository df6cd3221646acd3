import { nodeServer } from './node-server.mjs'

/** A loop over sockets, as most tutorials have it. */
export const peer = {
  name: 'ws',
  title: 'ws, a send for each socket',
  ...nodeServer('ws-server.mjs'),
  publish: {
    http: { publishPath: '/{c}' },
    websocket: { publishVia: 'websocket', publishPath: '/{c}', publishHeaders: '', acknowledgement: '@' },
  },
  endpoints: [{ way: 'websocket', load: { path: '/{c}', bareFrames: 1 } }],
}
