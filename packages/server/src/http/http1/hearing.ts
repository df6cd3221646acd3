import type { Socket } from 'node:net'

/** Who hears what happens on a socket. */
export interface SocketListener {
  took(chunk: Buffer): void
  clientEnded(): void
  goOn(): void
  closed(): void
}

/** Sockets know who hears them: one listener for all of them, in place of closures for each. */
const listenerOf = Symbol('listener')
type Heard = Socket & { [listenerOf]?: SocketListener | undefined }

export function hear(socket: Socket, listener: SocketListener): void {
  ;(socket as Heard)[listenerOf] = listener
  socket.on('data', onData).on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose)
}

/** The socket is somebody else's now. An error still destroys it. */
export function ceaseToHear(socket: Socket): void {
  socket.off('data', onData).off('end', onEnd).off('drain', onDrain).off('close', onClose)
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
