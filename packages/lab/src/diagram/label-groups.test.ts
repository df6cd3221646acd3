import { expect, test } from 'vitest'
import { groupingLeadMs, groupLabels, type LabelItem, labelVariants } from './label-groups.js'
import { LaneUnderTest } from './lane-under-test-suite.js'

const lineMs = 100

function items(...times: number[]): LabelItem[] {
  const lane = new LaneUnderTest('sse')
  return times.map((atMs) => ({ atMs, of: lane.arrow(atMs, {}) }))
}

function textOf(...of: LabelItem['of'][]): string {
  const group = { atMs: 0, items: of.map((one) => ({ atMs: 0, of: one })) }
  return (labelVariants(group)[0] ?? []).map((run) => run.text).join('')
}

test('arrows a line apart have a label each, nearer ones share one', () => {
  const groups = groupLabels(items(0, 100, 200, 230, 290, 310), lineMs)
  expect(groups.map((group) => [group.atMs, group.items.length])).toEqual([
    [0, 1],
    [100, 1],
    [200, 3],
    [310, 1],
  ])
})

test('labels are a line apart, whatever comes, and every arrow is in one', () => {
  const times = Array.from({ length: 500 }, (_, index) => index * 17 + (index % 7) * 5).sort((a, b) => a - b)
  const groups = groupLabels(items(...times), lineMs)
  for (const [index, group] of groups.entries()) {
    if (index > 0) expect(group.atMs - groups[index - 1]!.atMs).toBeGreaterThanOrEqual(lineMs)
  }
  expect(groups.flatMap((group) => group.items).length).toBe(500)
})

test('what shares a label goes on sharing it while the beginning moves out of sight', () => {
  const all = items(...Array.from({ length: 400 }, (_, index) => index * 30))
  const later = groupLabels(all, lineMs).filter((group) => group.atMs >= 6_000)
  for (const fromMs of [100, 1_234, 3_333, 6_000 - groupingLeadMs(lineMs)]) {
    const groups = groupLabels(
      all.filter((item) => item.atMs >= fromMs),
      lineMs,
    )
    expect(
      groups.filter((group) => group.atMs >= 6_000),
      `from ${fromMs}`,
    ).toEqual(later)
  }
})

test('a label counts what it stands for, under its name, or under its kind when the names differ', () => {
  const lane = new LaneUnderTest('sse')
  const event = lane.arrow(0, { label: 'event data' })
  const ping = lane.arrow(0, { kind: 'frame', label: 'ping', isEmpty: true })
  const small = lane.arrow(0, { kind: 'frame', label: 'text 84 bytes' })
  const large = lane.arrow(0, { kind: 'frame', label: 'text 90 bytes' })
  const upgrade = lane.arrow(0, { kind: 'response', label: '101' })
  expect(textOf(event)).toBe('event data')
  expect(textOf(event, event, event)).toBe('event data ×3')
  expect(textOf(small, large)).toBe('frame ×2')
  expect(textOf(upgrade, small, large, ping)).toBe('101, frame ×2, ping')
})

test('a label says which connection opened or closed, shorter where there is no room', () => {
  const lane = new LaneUnderTest()
  lane.ask(0)
  const request = lane.arrows[0]!
  const opened = { what: 'opened', port: 40_312, by: 'client' } as const
  const closed = { what: 'closed', port: 40_312, by: 'server' } as const
  expect(textOf(request, opened)).toBe('GET offset=-1  :40312 opened')
  expect(textOf(closed)).toBe(':40312 closed by the server')
  expect(textOf(opened, opened, closed)).toBe('2 opened, 1 closed')
  const texts = labelVariants({ atMs: 0, items: [{ atMs: 0, of: closed }] }).map((runs) => runs[0]?.text)
  expect(texts).toEqual([':40312 closed by the server', ':40312 closed'])
})

test('a count is not cut off with its name: a shorter name comes before', () => {
  const lane = new LaneUnderTest()
  const answer = () => ({ atMs: 0, of: lane.arrow(0, { kind: 'response', label: '200 100 messages' }) })
  const group = { atMs: 0, items: [answer(), answer()] }
  expect(labelVariants(group).map((runs) => runs[0]?.text)).toEqual(['200 100 messages ×2', 'response ×2'])
})

test('a request gives its offset up for the connection that it opens', () => {
  const lane = new LaneUnderTest()
  lane.ask(0)
  const opened = { what: 'opened', port: 40_312, by: 'client' } as const
  const group = { atMs: 0, items: [lane.arrows[0]!, opened].map((of) => ({ atMs: 0, of })) }
  const texts = labelVariants(group).map((runs) => runs.map((run) => run.text).join(''))
  expect(texts.slice(0, 2)).toEqual(['GET offset=-1  :40312 opened', 'GET  :40312 opened'])
})

test('a label that comes from the wire stays on its line', () => {
  const arrow = new LaneUnderTest().arrow(0, { label: 'a\r\nb\u0000' })
  expect(textOf(arrow)).toBe('a·b·')
})
