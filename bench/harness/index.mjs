// What tests use of the benchmark.
export { peer as tidings } from '../peers/tidings.mjs'
export { buildLoadgen } from './build-loadgen.mjs'
export { findWrongs, generate } from './generate.mjs'
export { withMedians } from './medians.mjs'
export { findProgram } from './programs.mjs'
export { withServer } from './serve.mjs'
export { step } from './step.mjs'
export { tableOf } from './table.mjs'
