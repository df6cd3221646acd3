export type { Carrier, ConnectionState } from './carrier.js'
export { Http2Carrier, type Weigh } from './http2-carrier.js'
