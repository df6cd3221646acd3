import { type Fetch, ProblemError, postPublisher, read, socketPublisher } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import type { OwnClock } from '../support/own-clock.js'
import { pick, randomOf } from '../support/random.js'
import { onNode } from '../support/ways.js'
import type { Chronicle, Life } from './lives.js'

export interface Town {
  readonly chronicle: Chronicle
  readonly clock: OwnClock
  /** The server itself, and what stands before it. */
  readonly urls: readonly string[]
  readonly seed: number
  /** What readers use; a lying server is played here. */
  readonly fetch?: Fetch
  readonly readingWays?: readonly Way[]
}

/** The channel ended, or another life of it has begun: what was sent is not kept. */
const endings = new Set(['channel-unknown', 'channel-deleted', 'channel-closed', 'producer-gap'])

/** Sends one message after the other, to each life of the channel that there is, until it is over. */
export async function publishOn(
  town: Town,
  channel: string,
  name: string,
  isOver: () => boolean,
): Promise<void> {
  const { chronicle, clock, urls, seed } = town
  const random = randomOf(seed + name.charCodeAt(0) * 7_919)
  let life: Life | undefined
  let publisher: ReturnType<typeof postPublisher> | undefined
  for (let count = 0; !isOver(); count++) {
    if (!publisher || life !== chronicle.current(channel)) {
      await publisher?.stop().catch(() => {})
      publisher = undefined
      life = chronicle.current(channel)
      if (!life) {
        await new Promise(setImmediate)
        continue
      }
      const address = { server: pick(random, urls), channel }
      publisher = random() < 0.5 ? postPublisher(address) : socketPublisher(address, onNode)
    }
    const value = { from: name, count, text: 'é'.repeat(random() * 10) }
    const attemptedAtMs = clock.now()
    try {
      const { nextOffset } = await publisher.publish([value])
      chronicle.acknowledged(channel, { message: JSON.stringify(value), offset: nextOffset, attemptedAtMs })
    } catch (error) {
      if (!(error instanceof ProblemError) || !endings.has(error.code)) throw error
      publisher = undefined
    }
  }
  await publisher?.stop().catch(() => {})
}

/** Hops between ways, and between the server and what stands before it, until the end or until no life is left. */
export async function readOn(
  town: Town,
  channel: string,
  name: string,
  hasFuture: () => boolean,
  from = '-1',
): Promise<string[]> {
  const { chronicle, seed } = town
  const random = randomOf(seed + name.charCodeAt(0) * 104_729 + name.length)
  const refusals: string[] = []
  let offset = from
  for (;;) {
    const stretch = chronicle.stretch(name, channel, offset)
    try {
      for await (const batch of readingOf(town, channel, offset, random)) {
        stretch.saw(batch)
        offset = batch.nextOffset
        if (random() < 0.1) await chronicle.more(1 + random() * 60)
        if (random() < 0.4) break
      }
      if (stretch.hasReachedEnd) return refusals
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      stretch.refusal = chronicle.refusalOf(error)
      refusals.push(error.code)
      if (error.facts.earliestOffset !== undefined) offset = error.facts.earliestOffset
      else if (!hasFuture()) return refusals
      else await new Promise(setImmediate)
    }
  }
}

function readingOf(
  { urls, readingWays = ways, ...town }: Town,
  channel: string,
  offset: string,
  random: () => number,
) {
  const address = { server: pick(random, urls), channel }
  const fetch = town.fetch && { fetch: town.fetch }
  return read(address, { way: pick(random, readingWays), offset, intervalMs: 5, ...onNode, ...fetch })
}
