import { type FaultProxy, type Faults, noFaults } from '../support/fault-proxy/index.js'
import { pick } from '../support/random.js'

/** What is wrong for a while, and whether connections are cut as it begins. */
export interface Step {
  readonly faults: Partial<Faults>
  readonly cut?: 'fin' | 'rst'
  readonly forMs: number
}

type Chance = () => number

const between = (random: Chance, least: number, most: number) => Math.round(least + random() * (most - least))

/** Each kind of trouble, with its own dice. */
const troubles: readonly ((random: Chance) => Pick<Step, 'faults' | 'cut'>)[] = [
  () => ({ faults: {}, cut: 'rst' }),
  () => ({ faults: {}, cut: 'fin' }),
  () => ({ faults: { refuse: true }, cut: 'rst' }),
  () => ({ faults: { refuse: true } }),
  (random) => ({ faults: { delayUpMs: between(random, 20, 200), delayDownMs: between(random, 20, 200) } }),
  (random) => ({ faults: { bytesPerSecond: between(random, 2_000, 20_000) } }),
  () => ({ faults: { blackHole: true } }),
  () => ({ faults: { halfOpen: 'up' } }),
  () => ({ faults: { halfOpen: 'down' } }),
  (random) => ({ faults: { idleMs: between(random, 50, 300) } }),
  () => ({ faults: { cutBody: 'middle' } }),
  () => ({ faults: { cutBody: 'between-cr-and-lf' } }),
  () => ({ faults: { cutBody: 'inside-character' } }),
  () => ({ faults: { buffer: true } }),
  () => ({ faults: { buffer: true }, cut: 'rst' }),
  (random) => ({ faults: { upgrades: pick(random, ['strip', 'hang', 'refuse'] as const) }, cut: 'fin' }),
  (random) => ({
    faults: { answer: { status: pick(random, [429, 502, 503] as const), retryAfterSeconds: 1 } },
    cut: 'rst',
  }),
  (random) => ({ faults: { answer: { status: pick(random, [429, 502, 503] as const) } } }),
  (random) => ({ faults: { keepAlive: pick(random, ['end', 'drop'] as const) } }),
]

/** Troubles one after the other, some of them two at a time, with calm between; none is left in the end. */
export function randomScript(random: Chance): Step[] {
  const steps: Step[] = []
  for (let count = between(random, 5, 9); count > 0; count--) {
    const first = pick(random, troubles)(random)
    const second = random() < 0.3 ? pick(random, troubles)(random) : undefined
    const cut = first.cut ?? second?.cut
    steps.push({
      faults: { ...first.faults, ...second?.faults },
      ...(cut && { cut }),
      forMs: between(random, 100, 500),
    })
    if (random() < 0.3) steps.push({ faults: {}, forMs: between(random, 100, 400) })
  }
  return steps
}

/** Plays a script to its end, when nothing is wrong any more. */
export async function play(proxy: FaultProxy, steps: readonly Step[]): Promise<void> {
  for (const { faults, cut, forMs } of steps) {
    proxy.set({ ...noFaults, ...faults })
    if (cut) proxy.cut(cut)
    await new Promise((resolve) => setTimeout(resolve, forMs))
  }
  proxy.clear()
}

/** For a test's message. */
export function describeScript(steps: readonly Step[]): string {
  return steps.map(({ faults, cut, forMs }) => JSON.stringify({ ...faults, cut, forMs })).join(' ')
}
