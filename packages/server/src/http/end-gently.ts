import type { Socket } from 'node:net'

/** What a client may still send to a connection that has its last answer; it is thrown away. */
export const passBytes = 64 * 1024 * 1024
export const passMs = 15_000

const ending = new WeakSet<Socket>()

/** Whether the connection has its last answer, and what still comes on it is thrown away. */
export function isEnding(socket: Socket): boolean {
  return ending.has(socket)
}

/**
 * Writes the last answer and ends our side. A socket that is closed while bytes still arrive resets the
 * connection, and the client might never see the answer: so they are taken and thrown away, within bounds.
 *
 * @see RFC 9112 §9.6, "lingering close"
 */
export function endGently(socket: Socket, answer = ''): void {
  if (ending.has(socket)) return
  ending.add(socket)
  const enough = socket.bytesRead + passBytes
  const cut = () => socket.destroy()
  const timer = setTimeout(cut, passMs)
  socket.once('close', () => clearTimeout(timer))
  // The parser has given up on what comes: it hears no more of it.
  socket.removeAllListeners('data')
  socket.on('data', () => {
    if (socket.bytesRead > enough) cut()
  })
  // From here on the client's end ends the connection.
  socket.once('end', cut)
  socket.end(answer)
  socket.resume()
}
