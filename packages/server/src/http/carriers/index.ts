export type { Carrier } from './carrier.js'
export { Http1Carrier } from './http1-carrier.js'
export { Http2Carrier } from './http2-carrier.js'
