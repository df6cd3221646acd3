import type { Way } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import {
  type Choice,
  type ChoiceEvent,
  type Command,
  initialChoice,
  type State,
  transition,
} from './machine.js'

const all: readonly Way[] = ['websocket', 'sse', 'long-poll', 'short-poll']

/** Events by their type alone, or whole. */
type Told = ChoiceEvent | Exclude<ChoiceEvent['type'], 'ways'>

/** @returns the choice after the last event, and what it commanded, as texts */
function tell(choice: Choice, ...told: readonly Told[]): { choice: Choice; does: readonly string[] } {
  let commands: readonly Command[] = []
  let now = choice
  for (const event of told) {
    const made = transition(now, typeof event === 'string' ? { type: event } : event)
    now = made.choice
    commands = made.commands
  }
  return { choice: now, does: commands.map(text) }
}

function text(command: Command): string {
  if (command.type !== 'wait') return 'way' in command ? `${command.type} ${command.way}` : command.type
  const { for: what, attempt, retryAfterMs } = command
  return `wait ${what} ${attempt}${retryAfterMs === undefined ? '' : ` ${retryAfterMs} ms`}`
}

const start = (ways: readonly Way[] = all, avoid: readonly Way[] = []) => initialChoice(ways, avoid)
const inState: Record<State, readonly Told[]> = {
  idle: [],
  connecting: ['wanted'],
  steady: ['wanted', 'failed', 'failed', 'up'],
  climbing: ['wanted', 'up'],
  waiting: ['wanted', 'down'],
  suspended: ['wanted', 'suspend'],
  over: ['close'],
}

const events: Record<ChoiceEvent['type'], ChoiceEvent> = {
  wanted: { type: 'wanted' },
  unwanted: { type: 'unwanted' },
  up: { type: 'up' },
  lasting: { type: 'lasting' },
  down: { type: 'down', retryAfterMs: 9 },
  proved: { type: 'proved' },
  failed: { type: 'failed' },
  timer: { type: 'timer' },
  online: { type: 'online' },
  woke: { type: 'woke' },
  suspend: { type: 'suspend' },
  resume: { type: 'resume' },
  ways: { type: 'ways', ways: ['sse', 'short-poll'] },
  close: { type: 'close' },
}

/** The state after the event, and what is commanded; `ignored` is neither. */
const cells: Record<State, Record<ChoiceEvent['type'], string>> = {
  idle: {
    wanted: 'connecting: open long-poll, try websocket',
    unwanted: 'ignored',
    up: 'ignored',
    lasting: 'ignored',
    down: 'ignored',
    proved: 'ignored',
    failed: 'ignored',
    timer: 'ignored',
    online: 'ignored',
    woke: 'ignored',
    suspend: 'suspended: cancelWait',
    resume: 'ignored',
    ways: 'idle',
    close: 'over: cancelWait',
  },
  connecting: {
    wanted: 'ignored',
    unwanted: 'idle: closeActive, closeCandidate, cancelWait',
    up: 'climbing: cancelWait',
    lasting: 'ignored',
    down: 'waiting: wait retry 1 9 ms',
    proved: 'steady: promote, cancelWait',
    failed: 'connecting: try sse',
    timer: 'ignored',
    online: 'connecting: probe',
    woke: 'connecting: probe',
    suspend: 'suspended: closeActive, closeCandidate, cancelWait',
    resume: 'ignored',
    ways: 'connecting: closeActive, cancelWait, closeCandidate, open short-poll, try sse',
    close: 'over: closeActive, closeCandidate, cancelWait',
  },
  steady: {
    wanted: 'ignored',
    unwanted: 'idle: closeActive, cancelWait',
    up: 'ignored',
    lasting: 'steady',
    down: 'waiting: wait retry 1 9 ms',
    proved: 'ignored',
    failed: 'ignored',
    timer: 'climbing: try websocket, cancelWait',
    online: 'steady: probe',
    woke: 'steady: probe',
    suspend: 'suspended: closeActive, cancelWait',
    resume: 'ignored',
    ways: 'connecting: closeActive, cancelWait, open short-poll, try sse',
    close: 'over: closeActive, cancelWait',
  },
  climbing: {
    wanted: 'ignored',
    unwanted: 'idle: closeActive, closeCandidate, cancelWait',
    up: 'ignored',
    lasting: 'climbing',
    down: 'waiting: wait retry 1 9 ms',
    proved: 'steady: promote, cancelWait',
    failed: 'climbing: try sse, cancelWait',
    timer: 'ignored',
    online: 'climbing: probe',
    woke: 'climbing: probe',
    suspend: 'suspended: closeActive, closeCandidate, cancelWait',
    resume: 'ignored',
    ways: 'connecting: closeActive, cancelWait, closeCandidate, open short-poll, try sse',
    close: 'over: closeActive, closeCandidate, cancelWait',
  },
  waiting: {
    wanted: 'ignored',
    unwanted: 'idle: closeCandidate, cancelWait',
    up: 'ignored',
    lasting: 'ignored',
    down: 'ignored',
    proved: 'steady: promote, cancelWait',
    failed: 'waiting: try sse',
    timer: 'connecting: open long-poll',
    online: 'connecting: cancelWait, open long-poll',
    woke: 'connecting: cancelWait, open long-poll',
    suspend: 'suspended: closeCandidate, cancelWait',
    resume: 'ignored',
    ways: 'waiting: closeCandidate',
    close: 'over: closeCandidate, cancelWait',
  },
  suspended: {
    wanted: 'ignored',
    unwanted: 'suspended',
    up: 'ignored',
    lasting: 'ignored',
    down: 'ignored',
    proved: 'ignored',
    failed: 'ignored',
    timer: 'ignored',
    online: 'ignored',
    woke: 'ignored',
    suspend: 'ignored',
    resume: 'connecting: cancelWait, open long-poll, try websocket',
    ways: 'suspended',
    close: 'over: cancelWait',
  },
  over: {
    wanted: 'ignored',
    unwanted: 'ignored',
    up: 'ignored',
    lasting: 'ignored',
    down: 'ignored',
    proved: 'ignored',
    failed: 'ignored',
    timer: 'ignored',
    online: 'ignored',
    woke: 'ignored',
    suspend: 'ignored',
    resume: 'ignored',
    ways: 'ignored',
    close: 'ignored',
  },
}

describe('each event in each state', () => {
  for (const [state, row] of Object.entries(cells)) {
    for (const [type, expected] of Object.entries(row)) {
      test(`${state}, ${type}: ${expected}`, () => {
        const { choice } = tell(start(), ...inState[state as State])
        expect(choice.state).toBe(state)
        const before = structuredClone(choice)
        const { choice: next, does } = tell(choice, events[type as ChoiceEvent['type']])
        expect(choice, 'a choice is never changed, another is made').toEqual(before)
        if (expected === 'ignored') expect([next, does]).toEqual([before, []])
        else expect([next.state, ...does].join(', ').replace(',', ':')).toBe(expected)
      })
    }
  }
})

describe('to the best way', () => {
  test('the certain way carries at once, while the best is proved beside it and takes over', () => {
    expect(tell(start(), 'wanted').does).toEqual(['open long-poll', 'try websocket'])
    const { choice, does } = tell(start(), 'wanted', 'up', 'proved')
    expect(does).toEqual(['promote', 'cancelWait'])
    expect(choice).toMatchObject({ state: 'steady', active: 'websocket' })
  })

  test('a better way that is proved before the certain one is up takes over at once', () => {
    expect(tell(start(), 'wanted', 'proved')).toMatchObject({
      choice: { state: 'steady', active: 'websocket' },
      does: ['promote', 'cancelWait'],
    })
  })

  test('when the best fails, the next is tried, and then there is a wait before all are tried again', () => {
    const before = ['wanted', 'up', 'failed'] as const
    expect(tell(start(), ...before).does).toEqual(['try sse', 'cancelWait'])
    expect(tell(start(), ...before, 'failed').does).toEqual(['wait climb 1'])
    expect(tell(start(), ...before, 'failed', 'timer').does).toEqual(['try websocket', 'cancelWait'])
    expect(tell(start(), ...before, 'proved')).toMatchObject({
      choice: { state: 'steady', active: 'sse' },
      does: ['promote', 'wait climb 1'],
    })
  })

  test('what did not work here lately is not tried at first, and is after a wait', () => {
    const { choice, does } = tell(start(all, ['websocket', 'long-poll']), 'wanted')
    expect(does).toEqual(['open short-poll', 'try sse'])
    expect(tell(choice, 'up', 'proved').does).toEqual(['promote', 'wait climb 1'])
    expect(tell(choice, 'up', 'proved', 'timer').does).toEqual(['try websocket', 'cancelWait'])
  })

  test('waits for a climb grow until the best way has lasted', () => {
    const climb = ['timer', 'failed', 'failed'] as const
    const { choice, does } = tell(start(), ...inState.steady, ...climb, ...climb)
    expect(does).toEqual(['wait climb 3'])
    const fallen = tell(choice, 'timer', 'proved', 'down', 'timer', 'failed', 'failed', 'up')
    expect(fallen.does, 'it was proved, but has not lasted').toEqual(['wait climb 4'])
    const lasted = tell(choice, 'timer', 'proved', 'lasting', 'down', 'timer', 'failed', 'failed', 'up')
    expect(lasted.does).toEqual(['wait climb 1'])
  })

  test('a way that comes up and breaks again and again is left after two strikes, and comes back ever more seldom', () => {
    let { choice, does } = tell(start(), 'wanted', 'proved', 'down', 'timer')
    expect(does, 'once may be chance').toEqual(['open long-poll', 'try websocket'])
    ;({ choice, does } = tell(choice, 'proved', 'down', 'timer'))
    expect(does).toEqual(['open long-poll', 'try sse'])
    for (const attempt of [1, 2, 3]) {
      ;({ choice, does } = tell(choice, 'up', 'failed'))
      expect(does).toEqual([`wait climb ${attempt}`])
      ;({ choice, does } = tell(choice, 'lasting', 'timer'))
      expect(does).toEqual(['try websocket', 'cancelWait'])
      ;({ choice, does } = tell(choice, 'proved', 'down', 'timer'))
      expect(does, 'one strike more is enough').toEqual(['open long-poll', 'try sse'])
    }
    ;({ choice } = tell(choice, 'up', 'failed', 'timer', 'proved', 'lasting', 'down', 'timer'))
    expect(choice.candidate).toBe('websocket')
    ;({ choice } = tell(choice, 'proved', 'down', 'timer'))
    expect(choice.candidate, 'it has lasted: its strikes are gone').toBe('websocket')
  })

  test('what was left is tried again when what carried since has lasted and breaks before a climb', () => {
    const left = tell(
      start(),
      'wanted',
      'proved',
      'down',
      'timer',
      'proved',
      'down',
      'timer',
      'failed',
      'up',
    ).choice
    expect(left).toMatchObject({ state: 'steady', active: 'long-poll', avoid: ['websocket'] })
    expect(tell(left, 'lasting', 'down', 'timer').does).toEqual(['open long-poll', 'try websocket'])
  })
})

describe('after trouble', () => {
  test('waits grow with each break, and begin anew when a way has lasted', () => {
    const broken = ['wanted', 'down', 'timer', 'up', 'down', 'timer', 'up'] as const
    expect(tell(start(['sse']), ...broken, 'down').does).toEqual(['wait retry 3'])
    expect(tell(start(['sse']), ...broken, 'lasting', 'down').does).toEqual(['wait retry 1'])
  })

  test('a server that says when to come back is not asked sooner', () => {
    const event = { type: 'down', retryAfterMs: 5_000 } as const
    expect(tell(start(), 'wanted', 'up', event).does).toEqual(['wait retry 1 5000 ms'])
  })

  test('every second break of the certain way puts the next lower in its place, and then it is its turn again', () => {
    let choice = start(['long-poll', 'short-poll'])
    const opened = []
    let event: Told = 'wanted'
    for (let round = 0; round < 5; round++) {
      choice = tell(choice, event).choice
      opened.push(choice.active)
      choice = tell(choice, 'down').choice
      event = 'timer'
    }
    expect(opened).toEqual(['long-poll', 'long-poll', 'short-poll', 'short-poll', 'long-poll'])
  })

  test('a candidate that is out goes on when the active way breaks, and carries as soon as it is proved', () => {
    const broken = tell(start(), 'wanted', 'up', 'down')
    expect(broken.does).toEqual(['wait retry 1'])
    expect(tell(broken.choice, 'proved')).toMatchObject({
      choice: { state: 'steady', active: 'websocket' },
      does: ['promote', 'cancelWait'],
    })
    expect(tell(broken.choice, 'failed').does, 'the next is looked for while it waits').toEqual(['try sse'])
    expect(tell(broken.choice, 'timer').does, 'it is still out').toEqual(['open long-poll'])
  })

  test('without long polling the last way is certain, and one that never comes up keeps no better one from being proved', () => {
    const { choice, does } = tell(start(['websocket', 'sse']), 'wanted', 'down', 'timer', 'down', 'timer')
    expect(does).toEqual(['open sse'])
    expect(tell(choice, 'proved').choice).toMatchObject({ state: 'steady', active: 'websocket' })
  })

  test('a candidate that is no better than what is opened next makes way for it', () => {
    const climbing = tell(start(all, ['long-poll']), 'wanted', 'failed', 'failed', 'up', 'lasting', 'timer')
    const { choice } = tell(climbing.choice, 'failed', 'failed')
    expect(choice).toMatchObject({ state: 'climbing', active: 'short-poll', candidate: 'long-poll' })
    expect(tell(choice, 'down', 'timer').does).toEqual(['closeCandidate', 'open long-poll', 'try websocket'])
  })

  test('a forced way stands alone: it is opened again and again, and no other ever', () => {
    for (const way of all) {
      let { choice, does } = tell(start([way], [way]), 'wanted')
      for (let attempt = 1; attempt <= 9; attempt++) {
        expect(does).toEqual([`open ${way}`])
        expect(tell(choice, 'up').does).toEqual(['cancelWait'])
        ;({ choice, does } = tell(choice, 'down'))
        expect(does).toEqual([`wait retry ${attempt}`])
        ;({ choice, does } = tell(choice, 'timer'))
      }
    }
  })

  test('what cannot get better ends it and tells every channel', () => {
    expect(tell(start(), 'wanted', 'up', { type: 'down', permanent: true })).toMatchObject({
      choice: { state: 'over' },
      does: ['closeCandidate', 'cancelWait', 'fail'],
    })
  })

  test('a network that is back, or a machine that woke, is used at once, with the waits and what was left forgotten', () => {
    for (const event of ['online', 'woke'] as const) {
      const broken = tell(start(all, ['websocket', 'sse']), 'wanted', 'down', 'timer', 'down').choice
      const { choice, does } = tell(broken, event)
      expect(does).toEqual(['cancelWait', 'open long-poll', 'try websocket'])
      expect(tell(choice, 'down').does).toEqual(['wait retry 1'])
    }
  })
})

describe('while nobody listens', () => {
  test.each(['connecting', 'steady', 'climbing', 'waiting'] as const)(
    'what is put aside while %s comes back connecting',
    (state) => {
      const { choice } = tell(start(), ...inState[state], 'suspend')
      expect(choice).toMatchObject({ state: 'suspended', active: undefined, candidate: undefined })
      expect(tell(choice, 'resume').does).toEqual(['cancelWait', 'open long-poll', 'try websocket'])
    },
  )

  test('what was left while it was put aside is not opened when it comes back, and what was wanted is', () => {
    expect(tell(start(), 'wanted', 'suspend', 'unwanted', 'resume').choice.state).toBe('idle')
    expect(tell(start(), 'wanted', 'unwanted', 'suspend', 'resume').choice.state).toBe('idle')
    expect(tell(start(), 'suspend', 'wanted').does).toEqual([])
    expect(tell(start(), 'suspend', 'wanted', 'resume').choice.state).toBe('connecting')
  })
})

describe('when the ways change', () => {
  const toPolls: Told = { type: 'ways', ways: ['short-poll'] }
  const toAll: Told = { type: 'ways', ways: all }

  test('a way that may no longer be used is left at once for one that may', () => {
    const { choice, does } = tell(start(), 'wanted', 'up', 'proved', 'lasting', toPolls)
    expect(does).toEqual(['closeActive', 'cancelWait', 'open short-poll'])
    expect(tell(choice, 'up').does, 'there is nothing to climb to').toEqual(['cancelWait'])
  })

  test('a better one that may be used again is tried at once', () => {
    const low = tell(start(), 'wanted', toPolls, 'up').choice
    expect(tell(low, toAll).does).toEqual(['try websocket', 'cancelWait'])
  })

  test('a candidate that may no longer be used is closed, and what carries goes on', () => {
    const { choice, does } = tell(start(), 'wanted', 'up', {
      type: 'ways',
      ways: ['long-poll', 'short-poll'],
    })
    expect(does).toEqual(['closeCandidate', 'cancelWait'])
    expect(choice).toMatchObject({ state: 'steady', active: 'long-poll' })
  })

  test('ways that change while nothing is open count when something is opened', () => {
    expect(tell(start(), toPolls, 'wanted').does).toEqual(['open short-poll'])
    expect(tell(start(), 'wanted', 'suspend', toPolls, 'resume').does).toContain('open short-poll')
    expect(tell(start(), 'wanted', 'down', toPolls, 'timer').does).toEqual(['open short-poll'])
  })
})
