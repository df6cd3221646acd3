import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Beating, Heartbeat } from './heartbeat.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A member, and when it has beaten. */
function memberOf(heartbeat: Heartbeat) {
  const beats: number[] = []
  const member: Beating = { beat: () => beats.push(performance.now()) }
  heartbeat.add(member)
  return { member, beats }
}

test('each beats within an interval of when it came, and again within each that follows', () => {
  const heartbeat = new Heartbeat({ intervalMs: 1_000 })
  const startMs = performance.now()
  const first = memberOf(heartbeat)
  vi.advanceTimersByTime(500)
  const second = memberOf(heartbeat)
  vi.advanceTimersByTime(3_000)
  for (const [{ beats }, cameMs] of [
    [first, startMs],
    [second, startMs + 500],
  ] as const) {
    const times = [cameMs, ...beats]
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] as number))
    expect(gaps).toHaveLength(3)
    for (const gap of gaps) {
      expect(gap).toBeLessThanOrEqual(1_000)
      expect(gap).toBeGreaterThan(950)
    }
  }
})

test('thousands that came together have one timer, and beat in several turns', () => {
  const heartbeat = new Heartbeat({ intervalMs: 1_000 })
  const members = Array.from({ length: 1_000 }, () => memberOf(heartbeat))
  const beaten = () => members.reduce((sum, { beats }) => sum + beats.length, 0)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersToNextTimer()
  expect(beaten()).toBe(250)
  vi.advanceTimersByTime(100)
  expect(beaten()).toBe(1_000)
  vi.advanceTimersByTime(1_000)
  for (const { beats } of members) expect(beats).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(1)
})

test('one that has left beats no more, and one that leaves as another beats does not', () => {
  const heartbeat = new Heartbeat({ intervalMs: 1_000 })
  const { member, beats } = memberOf(heartbeat)
  const leaver = memberOf(heartbeat)
  heartbeat.delete(leaver.member)
  heartbeat.add({ beat: () => heartbeat.delete(member) })
  vi.advanceTimersByTime(1_500)
  expect(leaver.beats).toEqual([])
  vi.advanceTimersByTime(5_000)
  expect(beats).toHaveLength(1)
})

test('no timer runs for nobody', () => {
  const heartbeat = new Heartbeat({ intervalMs: 1_000 })
  expect(vi.getTimerCount()).toBe(0)
  const { member } = memberOf(heartbeat)
  heartbeat.delete(member)
  vi.advanceTimersByTime(1_000)
  expect(vi.getTimerCount()).toBe(0)
  memberOf(heartbeat)
  heartbeat.stop()
  expect(vi.getTimerCount()).toBe(0)
})
