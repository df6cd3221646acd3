import type { Socket } from 'node:net'

/** Who hears what happens on a socket: the connection of HTTP/1, and after an upgrade the WebSocket. */
export interface SocketListener {
  took(chunk: Buffer): void
  clientEnded(): void
  /** The system has taken what the socket held back. */
  goOn(): void
  closed(): void
}

/** Sockets know who hears them: one listener for all of them, in place of closures for each. */
const listenerOf = Symbol('listener')
type Heard = Socket & { [listenerOf]?: SocketListener | undefined }

/** From now on it is this one who hears, and nobody else. */
export function hear(socket: Socket, listener: SocketListener): void {
  const isHeard = listenerOf in socket
  ;(socket as Heard)[listenerOf] = listener
  if (isHeard) return
  socket.on('data', onData).on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose)
}

/** Until somebody else hears it nobody does. An error still destroys it. */
export function ceaseToHear(socket: Socket): void {
  // Nothing that comes is let pass meanwhile.
  socket.pause()
  ;(socket as Heard)[listenerOf] = undefined
}

function onData(this: Heard, chunk: Buffer): void {
  this[listenerOf]?.took(chunk)
}

function onEnd(this: Heard): void {
  this[listenerOf]?.clientEnded()
}

function onDrain(this: Heard): void {
  this[listenerOf]?.goOn()
}

function onError(this: Heard): void {
  this.destroy()
}

function onClose(this: Heard): void {
  this[listenerOf]?.closed()
}
