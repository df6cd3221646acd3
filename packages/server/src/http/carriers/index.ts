export type { Carrier, ConnectionState, ReadBounds } from './carrier.js'
export { Http2Carrier, type Weigh } from './http2-carrier.js'
