import { type Way, ways } from '@tidings/protocol'
import { pick } from '../support/random.js'
import type { Habit } from './live.js'

type Kind = Pick<Habit, 'name' | 'offset' | 'isSlow' | 'leavesAfter' | 'publishes'> & { ways?: Habit['ways'] }

const plain = { offset: '-1', isSlow: false, leavesAfter: 0, publishes: 0 } as const

/**
 * Eight clients: one as it comes, one forced to each way, one with an order of its own, one that is slow and one that
 * comes and goes. Half of them publish as well.
 */
export function randomKinds(random: () => number): Kind[] {
  const orders = shuffled(random, ways).slice(0, 2 + Math.floor(random() * 3))
  const kinds: Kind[] = [
    { ...plain, name: 'default', publishes: 8 },
    ...ways.map((way): Kind => ({ ...plain, name: way, ways: way })),
    { ...plain, name: 'own-order', ways: orders },
    { ...plain, name: 'slow', isSlow: true },
    { ...plain, name: 'restless', leavesAfter: 5 + Math.floor(random() * 20), offset: 'now' },
  ]
  const writer = pick(random, ways)
  return kinds.map((kind) =>
    kind.name === writer || kind.name === 'own-order' || kind.name === 'restless'
      ? { ...kind, publishes: 5 }
      : kind,
  )
}

function shuffled(random: () => number, from: readonly Way[]): Way[] {
  const rest = [...from]
  return from.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0] as Way)
}
