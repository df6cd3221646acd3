import { whenQuiet } from './serve.mjs'
import { step } from './step.mjs'

/** Messages a second at which a search starts and stops. */
export const slowest = 25
const first = 50
const fastest = 204_800
/** A rate counts as carried when so much of it arrives while it lasts. */
const inTime = 0.97
/** Less than this, and what failed may be the generator. */
const idleEnoughPercent = 5
/** The search begins with short tries at rates that grow by so much… */
const coarse = 4
const shortTimes = { warmMs: 300, measureMs: 700 }
/** …and ends when the rate that held and the one that did not are as close as this. */
const fine = 1.1

/**
 * The highest publish rate, open loop, at which p99 from when a message was due to when it was heard stays within a
 * bound, all arrive, and 97 % in time. Climbs in short tries, then halves the distance in whole ones, which alone
 * count. A rate that fails is tried once more, since a machine has hiccups.
 *
 * @param load       the load generator's options without a rate
 * @param boundMs    for p99
 * @param startRate  where to begin, when an earlier round has told
 * @param closeness  the ratio of rates at which to stop
 * @returns the figures at the highest rate that held, and why the next one did not
 */
export async function searchCapacity(
  server,
  load,
  { boundMs, startRate = first, closeness = fine, say = () => {} },
) {
  const attempt = async (rate, times = {}) => {
    const figures = judge(await step(server, { ...load, ...times, rate }), rate, load, boundMs)
    // What was not taken in time must not be heard by the next run's subscribers.
    if (figures.failure) await whenQuiet(server)
    say(`${rate} a second: ${figures.failure ?? `p99 ${figures.heard.p99Ms} ms`}`)
    return { ...figures, rate }
  }
  const attemptTwice = async (rate, times) => {
    const once = await attempt(rate, times)
    return once.failure ? await attempt(rate, times) : once
  }
  let held = { rate: Math.min(slowest, startRate), isUnproven: true }
  for (let start = startRate; ; ) {
    const span = await climb((rate) => attemptTwice(rate, shortTimes), held, start)
    const found = await narrow(attemptTwice, span, closeness)
    if (found.failedAt !== span.high.rate || found.failedAt >= fastest) return found
    // It has failed in a short try only, which others on the machine may have spoiled.
    held = await attemptTwice(found.failedAt)
    if (held.failure) return { ...found, failure: held.failure }
    start = held.rate * coarse
  }
}

/** @returns a rate that seems to hold, and the figures of one that does not */
async function climb(attempt, held, startRate) {
  let low = held
  for (let rate = startRate; ; rate *= coarse) {
    const figures = await attempt(rate)
    if (figures.failure || rate >= fastest) return { low, high: figures }
    low = { rate, isUnproven: true }
  }
}

async function narrow(attempt, { low, high }, closeness) {
  let held = low
  let failed = high
  for (;;) {
    while (failed.rate / held.rate > closeness) {
      const figures = await attempt(Math.round(Math.sqrt(held.rate * failed.rate)))
      if (figures.failure) failed = figures
      else held = figures
    }
    if (!held.isUnproven) return { ...held, failedAt: failed.rate, failure: failed.failure }
    if (held.rate < slowest) return { rate: 0, failedAt: failed.rate, failure: failed.failure }
    // What held in a short try must hold in a whole one.
    const figures = await attempt(held.rate)
    if (figures.failure) failed = figures
    held = figures.failure ? { rate: Math.floor(held.rate / 2), isUnproven: true } : figures
  }
}

function judge(figures, rate, load, boundMs) {
  const failure = failureOf(figures, rate, load, boundMs)
  if (failure === undefined) return figures
  const isGeneratorBusy = figures.generatorIdlePercent < idleEnoughPercent
  return { ...figures, failure: isGeneratorBusy ? `${failure} (the generator was at its limit)` : failure }
}

/** @returns why a rate does not count as carried, as a sentence, or undefined */
export function failureOf(figures, rate, load, boundMs) {
  if (figures.wrong) return figures.wrong
  const reading = load.subscribers * (1 - (load.stoppedPercent ?? 0) / 100)
  const share = figures.deliveredPerSecond / (rate * reading)
  if (share < inTime) return `${(share * 100).toFixed(0)} % arrived in time`
  if (figures.heard.p99Ms > boundMs) return `p99 was ${figures.heard.p99Ms} ms`
  return undefined
}
