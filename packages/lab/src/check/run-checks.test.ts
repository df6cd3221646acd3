import { expect, test } from 'vitest'
import type { Check, Finding } from './check.js'
import type { CheckId } from './check-id.js'
import { ChannelRefused, ProbeFailure } from './probe/failure.js'
import { type CheckState, runChecks } from './run-checks.js'
import { readSettings } from './settings.js'

const works: Finding = { verdict: 'works', evidence: 'It was seen.', facts: {} }

function check(id: CheckId, run: Check['run']): Check {
  return { id, title: id, asks: '?', run }
}

/** Runs checks without a network, and writes down what happens. */
function observe(stages: readonly (readonly Check[])[], signal = new AbortController().signal) {
  const story: string[] = []
  const states = new Map<CheckId, CheckState>()
  const over = runChecks({
    stages,
    signal,
    tell(id, state) {
      if (state.kind !== states.get(id)?.kind) story.push(`${id} ${state.kind}`)
      states.set(id, state)
    },
    openSession: (progress, whole) => {
      whole.addEventListener('abort', () => story.push('connections ended'))
      return {
        context: {
          settings: readSettings(new URLSearchParams()),
          httpVersion: 'http/1.1',
          openChannel: () => Promise.reject(new ChannelRefused('No channel could be made.')),
          progress,
        },
        release: async () => void story.push('channels removed'),
      }
    },
  })
  return { story, states, over }
}

test('a stage begins when the one before it is over; what a check opened ends before its channels are removed', async () => {
  const { story, over } = observe([
    [check('short-poll', async () => works)],
    [check('sse', async () => works)],
  ])
  await over
  expect(story).toEqual([
    'short-poll running',
    'connections ended',
    'channels removed',
    'short-poll done',
    'sse running',
    'connections ended',
    'channels removed',
    'sse done',
  ])
})

test('checks of one stage run at once', async () => {
  let meet = () => {}
  const met = new Promise<void>((resolve) => {
    meet = resolve
  })
  const first = check('long-poll', () => met.then(() => works))
  const second = check('idle', async () => {
    meet()
    return works
  })
  const { states, over } = observe([[first, second]])
  await over
  expect([...states.values()].map(({ kind }) => kind)).toEqual(['done', 'done'])
})

test('a check that is stopped has no finding, leaves nothing, and the next does not begin', async () => {
  const controller = new AbortController()
  const endless = check(
    'idle',
    (_, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  )
  const { story, states, over } = observe(
    [[endless], [check('connections', async () => works)]],
    controller.signal,
  )
  controller.abort()
  await over
  expect(states.get('idle')).toEqual({ kind: 'stopped' })
  expect(states.get('connections')).toEqual({ kind: 'stopped' })
  expect(story).toContain('channels removed')
  expect(story).not.toContain('connections running')
})

test.each([
  ['no channel is a check that could not be made', new ChannelRefused('No channel.'), 'skipped'],
  ['a request that fails is a finding', new ProbeFailure('A POST was not answered.'), 'broken'],
  ['a mistake of the check is not the network’s', new TypeError('oh'), 'skipped'],
])('%s', async (_, error, verdict) => {
  const { states, over } = observe([[check('sse', () => Promise.reject(error))]])
  await over
  const state = states.get('sse')
  expect(state).toMatchObject({ kind: 'done', finding: { verdict } })
  expect(state?.kind === 'done' && state.finding.evidence).toContain(error.message)
})

test('what a check says after it was stopped is not heard', async () => {
  let sayLater = () => {}
  const talkative = check('sse', async ({ progress }) => {
    sayLater = () => progress('and another thing')
    return works
  })
  const { states, over } = observe([[talkative]])
  await over
  sayLater()
  expect(states.get('sse')?.kind).toBe('done')
})
