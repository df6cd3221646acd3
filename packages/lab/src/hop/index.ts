export { Hopper, type HopperOptions } from './hopper.js'
export { NaiveSocket, type NaiveSocketOptions } from './naive-socket.js'
export type { HopperState, NaiveState, Sequence } from './states.js'
