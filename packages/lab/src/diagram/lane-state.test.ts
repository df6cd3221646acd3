import { expect, test } from 'vitest'
import { laneState } from './lane-state.js'
import { LaneUnderTest } from './lane-under-test-suite.js'

test('a lane of which nothing has changed has the same state', () => {
  const lane = new LaneUnderTest()
  lane.connect(0)
  lane.ask(1)
  expect(laneState(lane)).toBe(laneState(lane))
})

test.each([
  ['something came', (lane: LaneUnderTest) => lane.arrow(5_000, {})],
  ['the page told when an arrow arrived', (lane: LaneUnderTest) => (lane.arrows[1]!.receivedAtMs += 40)],
  ['a guess was confirmed', (lane: LaneUnderTest) => (lane.arrows[1]!.isGuessed = true)],
  ['a request was answered', (lane: LaneUnderTest) => (lane.exchanges[1]!.answerAtMs = lane.startMs + 9)],
  ['a stream ended', (lane: LaneUnderTest) => (lane.exchanges[0]!.endedAtMs = lane.startMs + 9)],
  ['a connection closed', (lane: LaneUnderTest) => (lane.connections[0]!.closedAtMs = lane.startMs + 9)],
  ['an old arrow was let go of', (lane: LaneUnderTest) => lane.arrows.shift()],
])('it differs once %s', (_, change) => {
  const lane = new LaneUnderTest()
  lane.connect(0)
  lane.ask(1)
  lane.answer(3, '200', 'event-stream')
  lane.ask(8, 'POST')
  const before = laneState(lane)
  change(lane)
  expect(laneState(lane)).not.toBe(before)
})
