import type { Way } from '@tidings/protocol'
import type { Choice, ChoiceEvent, Command, Down, NewWays, State, Transition } from './choice.js'

export type { Choice, ChoiceEvent, Command, State, Transition } from './choice.js'

/** A transition while it is made. */
interface Step {
  readonly choice: { -readonly [Key in keyof Choice]: Choice[Key] }
  readonly commands: Command[]
}

type Table = Record<
  State,
  { [Type in ChoiceEvent['type']]: (step: Step, event: Extract<ChoiceEvent, { type: Type }>) => void }
>

/** @param avoid ways that did not work here lately */
export function initialChoice(ways: readonly Way[], avoid: readonly Way[]): Choice {
  return {
    state: 'idle',
    ways,
    avoid,
    strikes: [],
    failures: 0,
    climbs: 0,
    hasLasted: false,
    isWanted: false,
  }
}

/**
 * Which way carries the channels: pure, without clock, chance or network. The driver (`connection/`) tells it what
 * happened and does what it commands.
 *
 * The *certain* way is opened at once as the *active* one, and carries: long polling where it may be used, else the
 * last way. Beside it the best way is proved as the *candidate*, and takes over when it has passed.
 *
 *        idle ──wanted──▶ connecting ──up, or proved──▶ steady ◀─────────────┐
 *                          │  ▲  │                        │                 │ proved, or failed
 *                     down │  │  └──up, candidate out──┐  │ timer, ways     │ and none is left
 *                          │  │                        ▼  ▼                 │
 *                          │  │ timer, online, woke   climbing ─────────────┘
 *                          ▼  │                           │
 *          steady ◀─proved─ waiting ◀────────down─────────┘ and from steady
 *
 *        from all of these: unwanted → idle, suspend → suspended, close or a permanent down → over
 *        from suspended: resume → connecting, or idle when nothing is wanted
 *        from connecting, steady and climbing: ways without the active one → connecting
 *
 *  1. At most one active way and one candidate are open, and the candidate is the better one.
 *  2. Connecting, steady and climbing have an active way, waiting has the wait for a retry: it never sleeps for ever.
 *  3. Steady on any but the best way has the wait for a climb: it never stops looking for a better one.
 *  4. Only ways of `ways` are opened and tried: a single (a forced) one is opened again for ever, and none is tried.
 *  5. A command fits what is open: nothing is closed that isn't, nothing is opened twice.
 *  6. Nothing is commanded after over.
 *  7. Every state answers every event: the table has no empty cell.
 *  8. Of the ways that work, the best comes to carry, whatever the others do: what fails is passed over, what breaks
 *     again and again is left, and neither for ever.
 *
 * What asks again, and what differs next time: the active way, after waits that grow with `failures` until one has
 * lasted, and at the second break the next certain way; better ways, after waits that grow with `climbs` until the best
 * has lasted.
 */
export function transition(choice: Choice, event: ChoiceEvent): Transition {
  const step: Step = { choice: { ...choice }, commands: [] }
  const act = table[choice.state][event.type] as (step: Step, event: ChoiceEvent) => void
  act(step, event)
  return step
}

/** The ways above the active one; without one, all that can be above another. */
const above = ({ ways, active }: Choice) => ways.slice(0, ways.indexOf(active as Way))

/** Tries the best way above the active one, or the best of these below a candidate that has just failed. */
function seek({ choice, commands }: Step): void {
  const better = above(choice)
  const untried = better.slice(better.indexOf(choice.candidate as Way) + 1)
  const way = untried.find((one) => !choice.avoid.includes(one))
  choice.candidate = way
  if (way) commands.push({ type: 'try', way })
}

/** Closes a candidate that isn't above the active way. */
function fit({ choice, commands }: Step): void {
  if (!choice.candidate || above(choice).includes(choice.candidate)) return
  choice.candidate = undefined
  commands.push({ type: 'closeCandidate' })
}

/** Opens the certain way: long polling, or what is below it; without it the last. */
function open(step: Step): void {
  const { choice, commands } = step
  // Without long polling the index is -1, which is the last.
  const certain = choice.ways.slice(choice.ways.indexOf('long-poll'))
  let way = certain.find((one) => !choice.avoid.includes(one))
  if (!way) {
    // Nothing certain is left: what failed before is as good, and forced ways have nothing else. A better way that
    // broke just now stays avoided for one round more, or it would keep those below it from ever being tried.
    const isLastCertain = certain.includes(choice.avoid.at(-1) as Way)
    choice.avoid = isLastCertain ? [] : choice.avoid.filter((one) => !certain.includes(one))
    way = certain[0] as Way
  }
  choice.state = 'connecting'
  choice.active = way
  choice.hasLasted = false
  fit(step)
  commands.push({ type: 'open', way })
  if (!choice.candidate) seek(step)
}

/** What failed before a sleep, or without a network, tells nothing of now. */
function reopen(step: Step): void {
  step.choice.failures = 0
  step.choice.avoid = []
  step.commands.push({ type: 'cancelWait' })
  open(step)
}

/** The active way is up: a better one is being proved, or will be after a wait, or there is none. */
function settle({ choice, commands }: Step): void {
  choice.state = choice.candidate ? 'climbing' : 'steady'
  if (choice.candidate || choice.active === choice.ways[0]) commands.push({ type: 'cancelWait' })
  else commands.push({ type: 'wait', for: 'climb', attempt: ++choice.climbs })
}

/** Below the candidate that has failed. */
function descend(step: Step): void {
  seek(step)
  settle(step)
}

function climb(step: Step): void {
  step.choice.avoid = []
  descend(step)
}

function promote(step: Step): void {
  const { choice, commands } = step
  choice.active = choice.candidate
  choice.candidate = undefined
  choice.hasLasted = false
  commands.push({ type: 'promote' })
  settle(step)
}

function last({ choice }: Step): void {
  choice.hasLasted = true
  choice.failures = 0
  choice.strikes = choice.strikes.filter((way) => way !== choice.active)
  if (choice.active === choice.ways[0]) choice.climbs = 0
}

/** The active link broke. A candidate goes on, and takes over if it is proved before the next attempt is up. */
function fall(step: Step, { permanent, retryAfterMs }: Down): void {
  const { choice, commands } = step
  const broken = choice.active as Way
  choice.active = undefined
  if (permanent) {
    stop(step, 'over')
    commands.push({ type: 'fail' })
    return
  }
  // After a while everything is worth a try again: the wait for a climb may never have been over.
  if (choice.hasLasted) choice.avoid = []
  else if (choice.strikes.includes(broken)) choice.avoid = [...choice.avoid, broken]
  else choice.strikes = [...choice.strikes, broken]
  choice.state = 'waiting'
  commands.push({ type: 'wait', for: 'retry', attempt: ++choice.failures, retryAfterMs })
}

function stop({ choice, commands }: Step, state: State): void {
  if (choice.active) commands.push({ type: 'closeActive' })
  if (choice.candidate) commands.push({ type: 'closeCandidate' })
  commands.push({ type: 'cancelWait' })
  choice.active = choice.candidate = undefined
  choice.state = state
}

function reorder(step: Step, { ways }: NewWays): void {
  const { choice, commands } = step
  choice.ways = ways
  if (!choice.active || ways.includes(choice.active)) {
    fit(step)
    if (choice.active && !choice.candidate) seek(step)
  } else {
    commands.push({ type: 'closeActive' }, { type: 'cancelWait' })
    open(step)
  }
}

function reorderUp(step: Step, event: NewWays): void {
  reorder(step, event)
  if (step.choice.state !== 'connecting') settle(step)
}

const want = ({ choice }: Step) => {
  choice.isWanted = true
}
const begin = (step: Step) => {
  want(step)
  open(step)
}
const leave = ({ choice }: Step) => {
  choice.isWanted = false
}
const end = (step: Step) => {
  leave(step)
  stop(step, 'idle')
}
const resume = (step: Step) => {
  if (step.choice.isWanted) reopen(step)
  else step.choice.state = 'idle'
}
const probe = ({ commands }: Step) => commands.push({ type: 'probe' })
const suspend = (step: Step) => stop(step, 'suspended')
const close = (step: Step) => stop(step, 'over')
const ignored = () => {}

const table: Table = {
  idle: {
    wanted: begin,
    unwanted: ignored,
    up: ignored,
    lasting: ignored,
    down: ignored,
    proved: ignored,
    failed: ignored,
    timer: ignored,
    online: ignored,
    woke: ignored,
    suspend,
    resume: ignored,
    ways: reorder,
    close,
  },
  connecting: {
    wanted: ignored,
    unwanted: end,
    up: settle,
    lasting: ignored,
    down: fall,
    proved: promote,
    failed: seek,
    timer: ignored,
    online: probe,
    woke: probe,
    suspend,
    resume: ignored,
    ways: reorder,
    close,
  },
  steady: {
    wanted: ignored,
    unwanted: end,
    up: ignored,
    lasting: last,
    down: fall,
    proved: ignored,
    failed: ignored,
    timer: climb,
    online: probe,
    woke: probe,
    suspend,
    resume: ignored,
    ways: reorderUp,
    close,
  },
  climbing: {
    wanted: ignored,
    unwanted: end,
    up: ignored,
    lasting: last,
    down: fall,
    proved: promote,
    failed: descend,
    timer: ignored,
    online: probe,
    woke: probe,
    suspend,
    resume: ignored,
    ways: reorderUp,
    close,
  },
  waiting: {
    wanted: ignored,
    unwanted: end,
    up: ignored,
    lasting: ignored,
    down: ignored,
    proved: promote,
    failed: seek,
    timer: open,
    online: reopen,
    woke: reopen,
    suspend,
    resume: ignored,
    ways: reorder,
    close,
  },
  suspended: {
    wanted: want,
    unwanted: leave,
    up: ignored,
    lasting: ignored,
    down: ignored,
    proved: ignored,
    failed: ignored,
    timer: ignored,
    online: ignored,
    woke: ignored,
    suspend: ignored,
    resume,
    ways: reorder,
    close,
  },
  over: {
    wanted: ignored,
    unwanted: ignored,
    up: ignored,
    lasting: ignored,
    down: ignored,
    proved: ignored,
    failed: ignored,
    timer: ignored,
    online: ignored,
    woke: ignored,
    suspend: ignored,
    resume: ignored,
    ways: ignored,
    close: ignored,
  },
}
