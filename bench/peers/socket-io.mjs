import { nodeServer } from './node-server.mjs'

const endpoint = '/socket.io/?EIO=4&transport=websocket'

export const peer = {
  name: 'socket.io',
  title: 'Socket.IO',
  ...nodeServer('socket-io-server.mjs'),
  publish: {
    http: { publishPath: '/' },
    websocket: {
      publishVia: 'websocket',
      publishPath: endpoint,
      publishHeaders: '',
      publishHello: '40',
      publishPrefix: '42["m",',
      publishSuffix: ']',
      acknowledgement: '@',
    },
  },
  // `40` joins the namespace; everyone hears everything, so that it has one channel here.
  endpoints: [
    {
      way: 'websocket',
      load: { way: 'socket.io', path: endpoint, hello: '40' },
    },
  ],
  hasOneChannel: true,
}
