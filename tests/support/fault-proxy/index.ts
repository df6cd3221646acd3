export { FaultProxy, type SeenRequest } from './fault-proxy.js'
export { type BodyCut, type Direction, type Faults, noFaults, type OwnAnswer } from './faults.js'
