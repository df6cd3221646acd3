export { connectShared, type SharedOptions } from './connect-shared.js'
