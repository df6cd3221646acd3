export type { Carrier, ConnectionState, ReadBounds } from './carrier.js'
export { Http2Carrier } from './http2-carrier.js'
