import { expect, test } from 'vitest'
import { busyLane, LaneUnderTest } from '../diagram/lane-under-test-suite.js'
import { formatTranscript, mostLines, Transcript, transcriptOf } from './transcript.js'

function conversation(): LaneUnderTest {
  const lane = new LaneUnderTest('long-poll')
  const connection = lane.connect(1_000)
  lane.ask(1_000)
  lane.answer(2_500, '204', 'whole', true)
  lane.ask(2_600, 'GET offset=-1')
  lane.answer(61_000, '200 2 messages')
  lane.ask(61_500, 'POST')
  lane.answer(61_600, '204', 'whole', true)
  connection.closedAtMs = lane.startMs + 3_662_000
  connection.closedBy = 'client'
  return lane
}

test('tells a lane in the form of the primer, empty answers and closings too', () => {
  const lane = conversation()
  expect(formatTranscript(transcriptOf(lane, lane.startMs)).split('\n')).toEqual([
    '00:00:01 C-> GET offset=-1 (long poll, connection :40312)',
    '00:00:02 S-> 204 nothing new',
    '00:00:02 C-> GET offset=-1 (long poll, same connection :40312)',
    '00:01:01 S-> 200 2 messages',
    '00:01:01 C-> POST (same connection :40312)',
    '00:01:01 S-> 204',
    '01:01:02 C-> (closes connection :40312)',
    '',
  ])
})

test('each update tells what is new, once', () => {
  const whole = conversation()
  const lane = new LaneUnderTest('long-poll')
  const transcript = new Transcript(lane.startMs)
  const connection = lane.connect(1_000)
  expect(transcript.update(lane)).toEqual([])
  lane.ask(1_000)
  expect(transcript.update(lane).map(({ text }) => text)).toEqual([
    'GET offset=-1 (long poll, connection :40312)',
  ])
  expect(transcript.update(lane)).toEqual([])
  lane.answer(2_500, '204', 'whole', true)
  lane.ask(2_600, 'GET offset=-1')
  connection.closedAtMs = lane.startMs + 2_550
  connection.closedBy = 'server'
  expect(transcript.update(lane).map(({ from, text }) => `${from} ${text}`)).toEqual([
    'server 204 nothing new',
    'server (closes connection :40312)',
    'client GET offset=-1 (long poll, same connection :40312)',
  ])
  expect(transcript.update(lane)).toEqual([])
  expect(transcript.lines.slice(0, 2)).toEqual(transcriptOf(whole, whole.startMs).slice(0, 2))
})

test('goes on when the record has let go of what it told before', () => {
  const lane = busyLane('sse', 10, 2)
  const transcript = new Transcript(lane.startMs)
  transcript.update(lane)
  lane.arrows.splice(0, lane.arrows.length)
  lane.arrow(11_000, { label: 'event data' })
  expect(transcript.update(lane)).toEqual([{ atMs: 11_000, from: 'server', text: 'event data' }])
})

test('tells also what the record has put among what was told already', () => {
  const lane = busyLane('sse', 10, 2)
  const transcript = new Transcript(lane.startMs)
  transcript.update(lane)
  const late = lane.arrow(9_100, { label: 'late' })
  lane.arrows.splice(-3, 0, lane.arrows.pop() ?? late)
  expect(transcript.update(lane).map(({ text }) => text)).toEqual(['late'])
})

test('keeps its latest lines only', () => {
  const lane = busyLane('websocket', 30, 100)
  const transcript = new Transcript(lane.startMs)
  transcript.update(lane)
  expect(transcript.lines.length).toBe(mostLines)
  const last = lane.arrow(31_000, { label: 'the last' })
  transcript.update(lane)
  expect(transcript.lines.length).toBe(mostLines)
  expect(transcript.lines.at(-1)?.text).toBe(last.label)
})

test('an update looks at what is new, not at the record', () => {
  const lane = busyLane('sse', 60, 100)
  const transcript = new Transcript(lane.startMs)
  transcript.update(lane)
  lane.arrow(61_000, {})
  let reads = 0
  const arrows = new Proxy(lane.arrows, {
    get(target, property, receiver) {
      if (typeof property === 'string' && /^\d+$/.test(property)) reads += 1
      return Reflect.get(target, property, receiver)
    },
  })
  expect(transcript.update(Object.assign(Object.create(lane), { arrows }))).toHaveLength(1)
  expect(reads).toBeLessThan(40)
})

test('what comes from the wire begins no line of its own', () => {
  const lane = new LaneUnderTest('sse')
  lane.arrow(0, { label: 'x\n00:00:00 C-> rm\u001b[2J' })
  expect(formatTranscript(transcriptOf(lane, lane.startMs))).toBe('00:00:00 S-> x·00:00:00 C-> rm·[2J\n')
})
