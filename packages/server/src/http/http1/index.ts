export type { RequestHead } from './head.js'
export { type Http1Options, Http1Server } from './http1-server.js'
export { lastAnswer } from './last-answer.js'
export type { Turn } from './turn.js'
