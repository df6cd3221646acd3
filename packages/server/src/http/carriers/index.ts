export type { Carrier, ConnectionState, EndListener } from './carrier.js'
export { Http2Carrier, type Weigh } from './http2-carrier.js'
