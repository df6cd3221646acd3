import { makeChannel } from '../shared/make-channel.mjs'
import { startServers } from '../shared/start-servers.mjs'

/**
 * The shop has no program of its own: customer and baker are two pages that share channels. `orders` holds every
 * order; each order has a channel `orders/<number>`, which its page makes and the baker closes.
 *
 * @param {number} port
 */
export function start(port) {
  return startServers({
    port,
    folder: new URL('./page/', import.meta.url),
    begin: async (server) => {
      await makeChannel(server, 'orders')
      return {}
    },
  })
}
