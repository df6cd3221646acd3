import { npmServer } from '../harness/npm-peers.mjs'

export const peer = {
  name: 'socket.io',
  title: 'Socket.IO',
  install: () => npmServer('socket-io-server.mjs'),
  serve: async ({ port }) => ({
    command: [process.execPath, await npmServer('socket-io-server.mjs'), String(port)],
  }),
  publish: { http: { publishPath: '/' } },
  // `40` joins the namespace; everyone hears everything, so that it has one channel here.
  endpoints: [
    {
      way: 'websocket',
      load: { way: 'socket.io', path: '/socket.io/?EIO=4&transport=websocket', hello: '40' },
    },
  ],
  hasOneChannel: true,
}
