import { makeChannel } from '../shared/make-channel.mjs'
import { startServers } from '../shared/start-servers.mjs'
import { runGame } from './game-loop.mjs'

/**
 * Game state is worth something for a blink: it is never on a disk, and two seconds of it are kept, so that a player
 * whose connection was cut for a moment goes on from the offset.
 */
const stateKeeping = { 'stream-durability': 'memory', 'stream-retention-count': '40' }
const inputKeeping = { 'stream-durability': 'memory', 'stream-retention-count': '200' }

/** @param {number} port */
export function start(port) {
  return startServers({
    port,
    folder: new URL('./page/', import.meta.url),
    begin: async (server) => {
      await makeChannel(server, 'arena/state', stateKeeping)
      await makeChannel(server, 'arena/input', inputKeeping)
      return runGame(server)
    },
  })
}
