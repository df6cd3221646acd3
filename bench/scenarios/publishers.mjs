/** As many as would publish at once. */
const posting = 32
/** A socket needs no bound of its own: who is not read fast enough waits for room, and the messages are late. */
const noBound = 1_000_000_000

/**
 * The load generator's options for publishing as the peer's documentation advises for speed: up one WebSocket, each
 * message a frame, where the peer takes messages on its sockets; otherwise by POST, pipelined on kept-alive connections.
 * Messages that were due but could not be sent in time count as late, however they are published.
 *
 * @param byPost  POST where it could be a socket, to show the difference
 */
export function publishing(peer, byPost = false) {
  const { websocket, http } = peer.publish
  if (websocket && !byPost) return { ...websocket, publishers: 1, ahead: noBound }
  return { ...http, publishers: posting }
}

export function hasSocket(peer) {
  return peer.publish.websocket !== undefined
}
