import { step } from './step.mjs'

/** Messages a second at which a search starts, and where it stops. */
const slowest = 25
const fastest = 204_800
/** A rate counts as carried when so much of it arrives while it lasts. */
const inTime = 0.97
/** Less than this, and what failed may be the generator. */
const idleEnoughPercent = 5
/** Between a rate that holds and its double, which does not. */
const between = [1.7, 1.5, 1.33, 1.15]

/**
 * The highest publish rate, open loop, at which p99 from when a message was due to when it was heard stays within a
 * bound, all arrive, and 97 % in time. Doubles until that fails, then looks in between. A rate that fails is tried
 * once more, since a machine has hiccups.
 *
 * @param load       the load generator's options without a rate
 * @param boundMs    for p99
 * @param startRate  where to begin, when an earlier round has told
 * @returns the figures at the highest rate that held, and why the next one did not
 */
export async function searchCapacity(server, load, { boundMs, startRate = slowest * 2, say = () => {} }) {
  const attempt = async (rate) => {
    const figures = judge(await step(server, { ...load, rate }), rate, load, boundMs)
    say(`${rate} a second: ${figures.failure ?? `p99 ${figures.heard.p99Ms} ms`}`)
    return { ...figures, rate }
  }
  const attemptTwice = async (rate) => {
    const first = await attempt(rate)
    return first.failure ? await attempt(rate) : first
  }
  let rate = await firstThatHolds(attemptTwice, startRate)
  if (rate.failure) return { rate: 0, failedAt: rate.rate, failure: rate.failure }
  let next = await attemptTwice(rate.rate * 2)
  while (!next.failure && next.rate < fastest) {
    rate = next
    next = await attemptTwice(rate.rate * 2)
  }
  for (const factor of between) {
    const middle = await attempt(Math.round(rate.rate * factor))
    if (!middle.failure) return { ...middle, failedAt: next.rate, failure: next.failure }
  }
  return { ...rate, failedAt: next.rate, failure: next.failure }
}

async function firstThatHolds(attempt, startRate) {
  let result = await attempt(startRate)
  for (let rate = startRate / 2; result.failure && rate >= slowest; rate /= 2)
    result = await attempt(Math.round(rate))
  return result
}

function judge(figures, rate, load, boundMs) {
  const failure = failureOf(figures, rate, load, boundMs)
  if (failure === undefined) return figures
  const isGeneratorBusy = figures.generatorIdlePercent < idleEnoughPercent
  return { ...figures, failure: isGeneratorBusy ? `${failure} (the generator was at its limit)` : failure }
}

function failureOf(figures, rate, load, boundMs) {
  if (figures.wrong) return figures.wrong
  const reading = load.subscribers * (1 - (load.stoppedPercent ?? 0) / 100)
  const share = figures.deliveredPerSecond / (rate * reading)
  if (share < inTime) return `${(share * 100).toFixed(0)} % arrived in time`
  if (figures.heard.p99Ms > boundMs) return `p99 was ${figures.heard.p99Ms} ms`
  return undefined
}
