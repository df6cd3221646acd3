import type { Way } from '@tidings/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Choice, type ChoiceEvent, type Command, initialChoice, transition } from './machine.js'

/** What a driver has open and armed. */
interface World {
  readonly choice: Choice
  readonly active?: { readonly way: Way; readonly isUp: boolean } | undefined
  readonly candidate?: Way | undefined
  readonly wait?: 'retry' | 'climb' | undefined
}

const all: readonly Way[] = ['websocket', 'sse', 'long-poll', 'short-poll']

const orders: readonly (readonly Way[])[] = [
  all,
  ['short-poll'],
  ['websocket'],
  ['long-poll', 'short-poll'],
  ['websocket', 'sse'],
  ['long-poll', 'websocket', 'sse'],
]

const avoided: readonly (readonly Way[])[] = [[], ['websocket'], ['long-poll', 'short-poll'], all]

function begin(ways: readonly Way[], avoid: readonly Way[] = []): World {
  return { choice: initialChoice(ways, avoid) }
}

/** Not `expect`, which is slow for what is asked a million times. */
function must(isSo: boolean, sentence: string, facts: unknown): void {
  if (!isSo) throw new Error(`${sentence}: ${JSON.stringify(facts)}`)
}

/** Does what is commanded, as a driver would, and throws when it cannot or must not be done. */
function obey(world: World, command: Command, { ways }: Choice): World {
  const { active, candidate } = world
  const mustHave = (isSo: boolean, sentence: string) => must(isSo, sentence, { command, world, ways })
  switch (command.type) {
    case 'open':
      mustHave(!active, 'nothing is opened twice')
      mustHave(ways.includes(command.way), 'only ways that may be used are opened')
      mustHave(
        !candidate || isAbove(ways, candidate, command.way),
        'a candidate is better than the active way',
      )
      return { ...world, active: { way: command.way, isUp: false } }
    case 'try':
      mustHave(!candidate, 'nothing is tried twice')
      mustHave(ways.includes(command.way) && ways.length > 1, 'a forced way stands alone')
      mustHave(!active || isAbove(ways, command.way, active.way), 'a candidate is better than the active way')
      return { ...world, candidate: command.way }
    case 'promote':
      mustHave(candidate !== undefined, 'what is promoted is open')
      return { ...world, active: candidate && { way: candidate, isUp: false }, candidate: undefined }
    case 'closeActive':
      mustHave(active !== undefined, 'what is closed is open')
      return { ...world, active: undefined }
    case 'closeCandidate':
      mustHave(candidate !== undefined, 'what is closed is open')
      return { ...world, candidate: undefined }
    case 'wait':
      mustHave(command.attempt > 0, 'attempts count from one')
      return { ...world, wait: command.for }
    case 'cancelWait':
      return { ...world, wait: undefined }
    case 'probe':
      mustHave(active !== undefined, 'who is asked is open')
      return world
    case 'fail':
      return world
  }
}

function isAbove(ways: readonly Way[], one: Way, other: Way): boolean {
  return ways.indexOf(one) < ways.indexOf(other)
}

/** In each state: whether an active way is open, whether a candidate may be out and must be, and the wait that is armed. */
const nothing = { isOpen: false, tries: [false], waits: undefined }
const what = {
  idle: nothing,
  suspended: nothing,
  over: nothing,
  connecting: { isOpen: true, tries: [true, false], waits: undefined },
  steady: { isOpen: true, tries: [false], waits: 'climb' },
  climbing: { isOpen: true, tries: [true], waits: undefined },
  waiting: { isOpen: false, tries: [true, false], waits: 'retry' },
}

function check(world: World): void {
  const { choice, active, candidate, wait } = world
  const { state, ways, avoid, strikes } = choice
  const mustBe = (isSo: boolean, sentence: string) => must(isSo, sentence, world)
  mustBe(choice.active === active?.way && choice.candidate === candidate, 'what is open is known')
  const { isOpen, tries, waits } = what[state]
  mustBe(isOpen === (active !== undefined), 'a state says whether an active way is open')
  mustBe(tries.includes(candidate !== undefined), 'a state says whether a candidate is out')
  mustBe(wait === (active?.way === ways[0] ? undefined : waits), 'a state says what is waited for')
  mustBe(
    !active || !candidate || isAbove(ways, candidate, active.way),
    'a candidate is better than the active way',
  )
  mustBe(new Set(avoid).size === avoid.length, 'a way is avoided once')
  mustBe(new Set(strikes).size === strikes.length, 'a way has one strike')
}

function step(world: World, event: ChoiceEvent): World {
  const { choice, commands } = transition(world.choice, event)
  must(world.choice.state !== 'over' || commands.length === 0, 'nothing is commanded after over', commands)
  let next: World = world
  // What has ended by itself is not closed.
  if (event.type === 'down') next = { ...next, active: undefined }
  if (event.type === 'failed') next = { ...next, candidate: undefined }
  if (event.type === 'timer') next = { ...next, wait: undefined }
  if (event.type === 'up') next = { ...next, active: { way: world.active?.way as Way, isUp: true } }
  for (const command of commands) next = obey(next, command, choice)
  next = { ...next, choice }
  check(next)
  return next
}

/** Whatever a driver may be told now. */
function possible({ active, candidate, wait }: World): ChoiceEvent[] {
  const events: ChoiceEvent[] = orders.map((ways) => ({ type: 'ways', ways }))
  for (const type of ['wanted', 'unwanted', 'online', 'woke', 'suspend', 'resume', 'close'] as const) {
    events.push({ type })
  }
  if (active) events.push({ type: 'up' }, { type: 'down' }, { type: 'down', permanent: true })
  if (active?.isUp) events.push({ type: 'lasting' })
  if (candidate) events.push({ type: 'proved' }, { type: 'failed' })
  if (wait) events.push({ type: 'timer' })
  return events
}

/** The counts pass into waits and decide nothing. */
function keyOf({ choice, active, wait }: World): string {
  const { failures: _failures, climbs: _climbs, avoid, strikes, ...rest } = choice
  return JSON.stringify([rest, [...avoid].sort(), [...strikes].sort(), active?.isUp, wait])
}

function reachable(): World[] {
  const found = new Map<string, World>()
  const open = orders.flatMap((ways) => avoided.map((avoid) => begin(ways, avoid)))
  for (let world = open.pop(); world; world = open.pop()) {
    if (found.has(keyOf(world))) continue
    found.set(keyOf(world), world)
    for (const event of possible(world)) open.push(step(world, event))
  }
  return [...found.values()]
}

test('in every state that can be reached, every event that can come leaves the invariants standing', () => {
  const found = reachable()
  expect(new Set(found.map(({ choice }) => choice.state))).toEqual(new Set(Object.keys(what)))
  expect(found.length).toBeGreaterThan(1_000)
})

const run = fc.record({
  ways: fc.constantFrom(...orders),
  avoid: fc.constantFrom(...avoided),
  picks: fc.array(fc.nat(1_000), { maxLength: 200 }),
})

/** The same picks lead to the same world; `close` and what is permanent are left out unless wanted. */
function lead(
  { ways, avoid, picks }: typeof run extends fc.Arbitrary<infer Run> ? Run : never,
  mayEnd: boolean,
) {
  return picks.reduce(
    (world, pick) => {
      const events = possible(world).filter((event) => mayEnd || !isEnd(event))
      return step(world, events[pick % events.length] as ChoiceEvent)
    },
    begin(ways, avoid),
  )
}

function isEnd(event: ChoiceEvent): boolean {
  return event.type === 'close' || (event.type === 'down' && event.permanent === true)
}

test('events in any order, with counts that grow, leave the invariants standing', () => {
  fc.assert(
    fc.property(run, (each) => void lead(each, true)),
    { numRuns: 2_000 },
  )
})

/** What becomes of a way when it is used: it stands, it does not come up, or it comes up and breaks soon. */
type Fate = 'stands' | 'fails' | 'flaps'

/** What comes next of itself, without the program or the surroundings. */
function natural(world: World, fates: ReadonlyMap<Way, Fate>): ChoiceEvent[] {
  const { choice, active, candidate, wait } = world
  const events: ChoiceEvent[] = []
  const fate = active && fates.get(active.way)
  if (active && fate !== 'fails' && !active.isUp) events.push({ type: 'up' })
  else if (fate === 'fails' || fate === 'flaps') events.push({ type: 'down' })
  else if (active && !choice.hasLasted) events.push({ type: 'lasting' })
  if (candidate) events.push({ type: fates.get(candidate) === 'fails' ? 'failed' : 'proved' })
  // A wait for a climb grows, and after some is longer than what comes of itself meanwhile.
  const isLong = wait === 'climb' && choice.climbs > 3 && events.length > 0
  if (wait && !isLong) events.push({ type: 'timer' })
  return events
}

/** Seen are 8 when all ways work, and 60 when they do what they like. */
const mostSteps = 120

/** Until the active way stands, as far as it can be known, and `isEnough`. @returns the steps that it took */
function settleDown(
  start: World,
  fates: ReadonlyMap<Way, Fate>,
  picks: readonly number[],
  isEnough: (way: Way) => boolean,
) {
  // Any order, but nothing is put off for ever.
  const passedOver = new Map<string, number>()
  let world = start
  for (const type of ['wanted', 'resume'] as const) world = step(world, { type })
  for (let steps = 0; steps < mostSteps; steps++) {
    const { active, choice } = world
    if (active?.isUp && choice.hasLasted && isEnough(active.way)) return steps
    const events = natural(world, fates)
    const overdue = events.find(({ type }) => (passedOver.get(type) ?? 0) >= 4)
    const next = overdue ?? (events[(picks[steps % picks.length] ?? 0) % events.length] as ChoiceEvent)
    for (const { type } of events)
      passedOver.set(type, type === next.type ? 0 : (passedOver.get(type) ?? 0) + 1)
    world = step(world, next)
  }
  throw new Error(`It does not settle: ${JSON.stringify(world)}`)
}

const order = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 50 })

test('from everywhere, when all ways work, it settles on the best in a few steps', () => {
  for (const world of reachable()) {
    if (world.choice.state === 'over') continue
    const { ways } = world.choice
    const fates = new Map(ways.map((way) => [way, 'stands' as const]))
    expect(settleDown(world, fates, [0, 1], (way) => way === ways[0])).toBeLessThanOrEqual(8)
  }
})

test('from everywhere, whatever the other ways do, the best of those that work comes to carry', () => {
  const fates = fc.array(fc.constantFrom<Fate>('stands', 'fails', 'flaps'), { minLength: 4, maxLength: 4 })
  fc.assert(
    fc.property(run, fates, fc.nat(3), order, (each, list, sure, picks) => {
      const world = lead(each, false)
      const { ways } = world.choice
      const fateAt = (index: number) => (index === sure % ways.length ? 'stands' : (list[index] as Fate))
      const fateOf = new Map(ways.map((way, index) => [way, fateAt(index)]))
      settleDown(world, fateOf, picks, (way) => way === ways.find((one) => fateOf.get(one) === 'stands'))
    }),
    { numRuns: 5_000 },
  )
})
