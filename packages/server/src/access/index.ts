export { AdminAccess, adminTokenFile } from './admin-access.js'
export { isLoopbackHost } from './loopback.js'
export { WebAccess } from './web-access.js'
