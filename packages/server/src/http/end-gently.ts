import type { Socket } from 'node:net'

/** What a client may still send to a connection that has its last answer; it is thrown away. */
const passBytes = 64 * 1024 * 1024
const passMs = 15_000

/**
 * Writes the answer to a connection that is not read, and ends our side. A socket that is closed while bytes still
 * arrive resets the connection, and the client might never see the answer: so they are taken and thrown away, within
 * bounds.
 *
 * @see RFC 9112 §9.6, "lingering close"
 */
export function endGently(socket: Socket, answer: string): void {
  const enough = socket.bytesRead + passBytes
  const cut = () => socket.destroy()
  const timer = setTimeout(cut, passMs)
  socket.once('close', () => clearTimeout(timer))
  socket.on('data', () => {
    if (socket.bytesRead > enough) cut()
  })
  // From here on the client's end ends the connection.
  socket.once('end', cut)
  socket.end(answer)
  socket.resume()
}
