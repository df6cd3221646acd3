export { type ErrorCode, ProblemError } from './problem-error.js'
