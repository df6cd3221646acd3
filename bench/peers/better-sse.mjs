import { nodeServer } from './node-server.mjs'

export const peer = {
  name: 'better-sse',
  title: 'better-sse',
  ...nodeServer('better-sse-server.mjs'),
  publish: { http: { publishPath: '/' } },
  endpoints: [{ way: 'sse', load: { way: 'sse', path: '/' } }],
  hasOneChannel: true,
}
