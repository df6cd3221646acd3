import { startServers } from '../shared/start-servers.mjs'
import { Answers } from './answers.mjs'

/** @param {number} port */
export function start(port) {
  return startServers({
    port,
    folder: new URL('./page/', import.meta.url),
    begin: async (server) => {
      const answers = new Answers(server)
      return { posts: { '/answers': (asked) => answers.begin(asked) }, close: () => answers.close() }
    },
  })
}
