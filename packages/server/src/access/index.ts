export { isLoopbackHost } from './loopback.js'
export { WebAccess } from './web-access.js'
