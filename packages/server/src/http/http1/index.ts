export { answerHead } from './answer-head.js'
export type { RequestHead } from './head.js'
export { type Http1Options, Http1Server } from './http1-server.js'
export type { Turn } from './turn.js'
