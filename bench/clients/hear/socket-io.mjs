import { io } from 'socket.io-client'

/** All by default: long polling, then an upgrade. What was missed is sent again by connection state recovery. */
export function hear({ url, heard, way, told }) {
  const socket = io(url, { forceNew: true })
  let wasConnected = false
  socket.on('connect', () => {
    if (wasConnected && !socket.recovered) told('not recovered')
    wasConnected = true
    way(socket.io.engine.transport.name)
    socket.io.engine.once('upgrade', (transport) => way(transport.name))
  })
  socket.on('m', ({ n }) => heard(n))
  return () => socket.disconnect()
}
