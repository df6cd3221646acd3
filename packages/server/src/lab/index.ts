export { Lab } from './lab.js'
export type { LocalAddress } from './lab-options.js'
