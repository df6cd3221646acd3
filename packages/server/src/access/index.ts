export { AdminAccess, adminTokenFile } from './admin-access.js'
export { isLoopbackHost } from './loopback.js'
export { checkNamePattern, matcherOf, NamePatternInvalid } from './name-pattern.js'
export { WebAccess } from './web-access.js'
