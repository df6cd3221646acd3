export { Costs, type Purpose, purposes, type WayCosts } from './costs.js'
export { Trace, type TracedSockets, type Watch } from './trace.js'
export { nowMs, type TellTrace } from './wire-tap.js'
