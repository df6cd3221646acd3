import { npmServer } from '../harness/npm-peers.mjs'

export const peer = {
  name: 'better-sse',
  title: 'better-sse',
  install: () => npmServer('better-sse-server.mjs'),
  serve: async ({ port }) => ({
    command: [process.execPath, await npmServer('better-sse-server.mjs'), String(port)],
  }),
  publish: { http: { publishPath: '/' } },
  endpoints: [{ way: 'sse', load: { way: 'sse', path: '/' } }],
  hasOneChannel: true,
}
