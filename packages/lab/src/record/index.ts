export { recordBounds } from './bounds.js'
export { type MeanHeads, meanHeads } from './heads.js'
export { RunRecord } from './run-record.js'
