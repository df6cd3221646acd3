import type { Arrow, Lane } from './types.js'

/** So many of the latest arrows are looked at: a mean needs no more. */
const arrowsLookedAt = 400

/** Means of what a lane's requests and answers took, bytes; undefined where it has had none. */
export interface MeanHeads {
  readonly requestHeadBytes: number | undefined
  /** Of answers that brought messages: the head without them. */
  readonly answerHeadBytes: number | undefined
  /** Of answers that brought none: all of them. */
  readonly emptyAnswerBytes: number | undefined
}

/** What the lane's latest requests to hear, and their answers, were like: the input of a prediction. */
export function meanHeads(lane: Lane): MeanHeads {
  const latest = lane.arrows.slice(-arrowsLookedAt)
  const speaking = new Set(latest.filter(isPost).map(({ exchange }) => exchange))
  const hearing = latest.filter(({ exchange }) => !speaking.has(exchange))
  const answers = hearing.filter(({ kind, bytes }) => kind === 'response' && bytes.startsWith('HTTP/'))
  return {
    requestHeadBytes: mean(hearing.filter(({ kind }) => kind === 'request').map(headLength)),
    answerHeadBytes: mean(answers.filter(({ messages }) => messages > 0).map(headLength)),
    emptyAnswerBytes: mean(answers.filter(({ isEmpty }) => isEmpty).map(({ byteLength }) => byteLength)),
  }
}

function isPost({ kind, bytes }: Arrow): boolean {
  return kind === 'request' && bytes.startsWith('POST ')
}

function headLength({ bytes, byteLength }: Arrow): number {
  const end = bytes.indexOf('\r\n\r\n')
  return end === -1 ? byteLength : end + 4
}

function mean(numbers: readonly number[]): number | undefined {
  if (numbers.length === 0) return undefined
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
