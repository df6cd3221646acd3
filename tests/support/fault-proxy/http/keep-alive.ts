import type { HttpFault } from './http-fault.js'

export const keepAlive: HttpFault = {
  takes({ response, socket }, { keepAlive }) {
    if (keepAlive === 'end' && response) response.shouldKeepAlive = false
    if (keepAlive === 'drop') response?.once('finish', () => socket.end())
    return false
  },
}
