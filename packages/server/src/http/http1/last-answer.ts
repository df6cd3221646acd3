import type { Problem } from '@tidings/protocol'
import { problemAnswer } from '../problem-answer.js'
import { answerHead } from './answer-head.js'

/** What is written to a connection that ends with it. */
export interface LastAnswer {
  readonly head: string
  readonly body: Uint8Array
}

/** Trouble, told to who is asked for nothing more. */
export function lastAnswer(problem: Problem): LastAnswer {
  const { status, headers, body = new Uint8Array() } = problemAnswer(problem, () => {})
  const all = { ...headers, 'content-length': String(body.byteLength) }
  return { head: answerHead(status, all, { isLast: true, keepAliveSeconds: 0 }), body }
}
