import { channelsOf, describe, type Operation } from './operation.js'
import { replay, type Unexplained } from './run.js'

/** What it takes to see a difference again, as short as leaving out one operation after the other makes it. */
export async function accountOf(
  { exchange, difference }: Unexplained,
  operations: readonly Operation[],
): Promise<string> {
  const shortest = await shorten(related(operations, exchange.operation), difference.aspect)
  const { operation, here, reference } = exchange
  return [
    `The two servers differ in "${difference.aspect}", which no kind in tests/reference explains:`,
    `    here:      ${here.status}  ${difference.here.slice(0, 500)}`,
    `    reference: ${reference.status}  ${difference.reference.slice(0, 500)}`,
    `after`,
    ...shortest.map((each) => `    ${describe(each)}`),
    ...(shortest.at(-1) === operation || shortest.at(-1)?.meanwhile === operation
      ? []
      : ['(which did not lead to it alone; all of the run is needed)']),
  ].join('\n')
}

/** The operations on the channel and on all that it has to do with, directly or not. */
function related(operations: readonly Operation[], last: Operation): Operation[] {
  const names = new Set(channelsOf(last))
  for (let size = 0; size !== names.size; ) {
    size = names.size
    for (const operation of operations) {
      const touched = channelsOf(operation)
      const isCreation = operation.method === 'PUT' && touched.length > 1
      if (isCreation && touched.some((name) => names.has(name))) for (const name of touched) names.add(name)
    }
  }
  return operations.filter(({ channel }) => names.has(channel))
}

const replayPollMs = 300

async function shorten(operations: readonly Operation[], aspect: string): Promise<readonly Operation[]> {
  const shows = async (candidate: readonly Operation[]) =>
    (await replay(candidate, replayPollMs))?.difference.aspect === aspect
  if (!(await shows(operations))) return operations
  let shortest = operations
  for (let size = Math.ceil(shortest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = shortest.length - 1 - size; start > -size; start -= size) {
      const candidate = shortest.filter((_, index) => index < start || index >= start + size)
      if (candidate.length > 0 && (await shows(candidate))) shortest = candidate
    }
  }
  return shortest
}
