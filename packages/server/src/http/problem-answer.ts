import {
  earliestOffsetHeader,
  header,
  Problem,
  type ProblemFacts,
  problemContentType,
  problemTypeBase,
} from '@tidings/protocol'
import type { Answer, Headers } from '../transports/index.js'

/**
 * Trouble as problem details, in one place. What is not a problem is a mistake of ours: it is reported to
 * `onMistake` and told to nobody else, since it may hold paths and secrets.
 *
 * @see RFC 9457
 */
export function problemAnswer(error: unknown, onMistake: (error: unknown) => void): Answer {
  const problem = asProblem(error, onMistake)
  const body = {
    type: `${problemTypeBase}${problem.code}`,
    title: problem.title,
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...problem.facts,
  }
  return {
    status: problem.status,
    headers: { 'content-type': problemContentType, 'cache-control': 'no-store', ...factHeaders(problem) },
    body: Buffer.from(`${JSON.stringify(body)}\n`),
    payloadBytes: 0,
  }
}

/** Trouble that lasts, as a disk that is full does, is told with each request and reported once. */
const reported = new WeakSet<Problem>()

export function asProblem(error: unknown, onMistake: (error: unknown) => void): Problem {
  if (error instanceof Problem) {
    if (error.status >= 500 && error.cause !== undefined && !reported.has(error)) {
      reported.add(error)
      onMistake(error)
    }
    return error
  }
  onMistake(error)
  return new Problem('internal-error', 'The server made a mistake; its log says more. Ask again later.')
}

function factHeaders({ code, facts }: Problem): Headers {
  const headers: Record<string, string> = {}
  const set = <Name extends keyof ProblemFacts>(name: Name, as: string) => {
    if (facts[name] !== undefined) headers[as] = String(facts[name])
  }
  set('nextOffset', header.nextOffset)
  set('closed', header.closed)
  set('earliestOffset', earliestOffsetHeader)
  set('currentEpoch', header.producerEpoch)
  set('expectedSeq', header.producerExpectedSequence)
  set('receivedSeq', header.producerReceivedSequence)
  set('retryAfterSeconds', 'retry-after')
  set('allow', 'allow')
  // @see RFC 9110 §7.8, §15.5.22: Upgrade goes with Connection; RFC 6455 §4.4
  if (code === 'upgrade-required')
    Object.assign(headers, { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' })
  return headers
}
