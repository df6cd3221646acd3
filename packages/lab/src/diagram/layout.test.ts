import { describe, expect, test } from 'vitest'
import { busyLane, LaneUnderTest } from './lane-under-test-suite.js'
import { type DisplayList, layoutDiagram } from './layout.js'
import { type Line, plainText, type Rect, type Text } from './shapes.js'
import { yOf } from './time-scale.js'
import { initialViewport, type Viewport } from './viewport.js'

const size = { widthPx: 480, heightPx: 520, pixelRatio: 1 }

function layout(
  lane: LaneUnderTest,
  given: { untilMs?: number; viewport?: Viewport; selected?: number; on?: typeof size } = {},
): DisplayList {
  const { untilMs = 10_000, viewport = initialViewport, on = size } = given
  const nowMs = lane.startMs + untilMs
  return layoutDiagram({
    lane,
    viewport,
    nowMs,
    size: on,
    selected: given.selected === undefined ? undefined : lane.arrows[given.selected],
  })
}

const lines = (list: DisplayList, colour: string) =>
  list.shapes.filter((shape): shape is Line => shape.kind === 'line' && shape.colour === colour)
const rects = (list: DisplayList, colour: string) =>
  list.shapes.filter((shape): shape is Rect => shape.kind === 'rect' && shape.colour === colour)
const texts = (list: DisplayList) => list.shapes.filter((shape): shape is Text => shape.kind === 'text')
const words = (list: DisplayList) => texts(list).map(plainText)

describe('time', () => {
  test('runs downwards, from left to right for a request and back for its answer', () => {
    const lane = new LaneUnderTest()
    lane.ask(4_000, 'GET offset=-1', 400)
    lane.answer(6_000, '200 1 message')
    const list = layout(lane)
    const [request] = lines(list, 'request') as [Line]
    const [response] = lines(list, 'response') as [Line]
    const { clientX, serverX, scale } = list.frame
    expect([request.fromX, request.toX]).toEqual([clientX, serverX])
    expect([response.fromX, response.toX]).toEqual([serverX, clientX])
    expect(request.toY - request.fromY).toBeCloseTo(400 * scale.pixelsPerMs, 3)
    // Either keeps to its side of the time, by a pixel and a quarter.
    expect(response.fromY - request.fromY).toBeCloseTo(2_000 * scale.pixelsPerMs + 2.5, 3)
  })

  test('moves by whole pixels of the device', () => {
    const lane = busyLane('sse', 20, 3)
    for (const pixelRatio of [1, 1.5, 2]) {
      const [first] = lines(layout(lane, { on: { ...size, pixelRatio } }), 'event') as [Line]
      const moved = lines(layout(lane, { untilMs: 10_123, on: { ...size, pixelRatio } }), 'event')
      const distances = moved.map((line) => (first.fromY - line.fromY) * pixelRatio)
      expect(
        distances.some((distance) => Math.abs(distance - Math.round(distance)) < 0.01 && distance > 0),
      ).toBe(true)
    }
  })

  test('is written along the left edge, in even steps that have room', () => {
    const list = layout(new LaneUnderTest())
    const clock = texts(list).filter((text) => /^\d\d:\d\d:\d\d$/.test(plainText(text)))
    expect(clock.length).toBeGreaterThan(3)
    const gaps = clock.slice(1).map((text, index) => text.y - clock[index]!.y)
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(3 * list.frame.measures.lineHeightPx)
    for (const text of clock) expect(text.x).toBeLessThan(list.frame.clientX)
  })
})

describe('an arrow', () => {
  test('is grey and dashed when it brings nothing', () => {
    const lane = new LaneUnderTest()
    lane.ask(4_000)
    lane.answer(6_000, '204', 'whole', true)
    const [line] = lines(layout(lane), 'empty') as [Line]
    expect(line.stroke).toBe('dashed')
    expect(lines(layout(lane), 'response')).toEqual([])
  })

  test('is dotted at the client, where its time is a guess', () => {
    const lane = new LaneUnderTest('sse')
    lane.arrow(5_000, { isGuessed: true }, 300)
    const list = layout(lane)
    const [dotted, seen] = lines(list, 'event') as [Line, Line]
    expect([seen.stroke, dotted.stroke]).toEqual(['solid', 'dotted'])
    expect(dotted.toX).toBe(list.frame.clientX)
    expect(seen.fromX).toBe(list.frame.serverX)
  })

  test('that is selected stands out, with its own label', () => {
    const lane = busyLane('sse', 20, 100)
    const list = layout(lane, { selected: 850 })
    expect(lines(list, 'selected').length).toBe(1)
    const [label] = texts(list).filter((text) => text.runs.some((run) => run.colour === 'selected')) as [Text]
    expect(plainText(label)).toBe('event data')
    expect(label.isBold).toBe(true)
    const others = texts(list).filter((text) => text.anchor === 'end' && text.isCleared && text !== label)
    expect(others.length).toBeGreaterThan(10)
    for (const other of others) expect(Math.abs(other.y - label.y)).toBeGreaterThan(label.sizePx)
  })

  test('that is selected and out of sight is not drawn', () => {
    const lane = busyLane('sse', 40, 10)
    expect(lines(layout(lane, { selected: 4, untilMs: 40_000 }), 'selected')).toEqual([])
  })
})

describe('on the lifelines', () => {
  test('a held request is a bar on the server from when it came to when it was answered', () => {
    const lane = new LaneUnderTest()
    lane.ask(2_000)
    lane.answer(7_000, '200 1 message')
    const list = layout(lane)
    const [bar] = rects(list, 'request') as [Rect]
    expect(bar.x).toBeLessThan(list.frame.serverX)
    expect(bar.x + bar.widthPx).toBeGreaterThan(list.frame.serverX)
    expect(bar.y).toBeCloseTo(yOf(list.frame.scale, lane.startMs + 2_001), 3)
    expect(bar.heightPx).toBeCloseTo(4_999 * list.frame.scale.pixelsPerMs, 3)
    expect(words(list)).toContain('held 5.0 s')
  })

  test('one that is held still grows as far as now', () => {
    const lane = new LaneUnderTest()
    lane.ask(2_000)
    const list = layout(lane)
    const [bar] = rects(list, 'request') as [Rect]
    expect(bar.y + bar.heightPx).toBeCloseTo(yOf(list.frame.scale, lane.startMs + 10_000), 3)
    expect(words(list)).toContain('held, 7 s so far')
  })

  test('an open stream is a thin bar on both, also when it began long before', () => {
    const lane = busyLane('sse', 120, 1)
    const list = layout(lane, { untilMs: 100_000 })
    const bars = rects(list, 'event')
    expect(bars.map((bar) => Math.round(bar.x + bar.widthPx / 2 + 0.5))).toEqual([
      Math.round(list.frame.clientX + 0.5),
      Math.round(list.frame.serverX + 0.5),
    ])
    for (const bar of bars) expect(bar.heightPx).toBeGreaterThan(450)
  })

  test('an open stream is not forgotten over many short requests since', () => {
    const lane = busyLane('sse', 5, 1)
    for (let atMs = 10_000; atMs < 60_000; atMs += 100) {
      lane.ask(atMs, 'POST')
      lane.answer(atMs + 5, '204')
    }
    expect(rects(layout(lane, { untilMs: 80_000 }), 'event').length).toBe(2)
  })

  test('a connection says when it opens, and who closes it', () => {
    const lane = new LaneUnderTest()
    const connection = lane.connect(1_000)
    lane.ask(1_001)
    lane.answer(4_000, '200 1 message')
    connection.closedAtMs = lane.startMs + 8_000
    connection.closedBy = 'client'
    const list = layout(lane)
    expect(words(list)).toContain('GET offset=-1  :40312 opened')
    expect(words(list)).toContain(':40312 closed by the client')
    const crosses = lines(list, 'connection')
    expect(crosses.length).toBe(2)
    for (const line of crosses) expect((line.fromX + line.toX) / 2).toBe(list.frame.clientX)
  })

  test("a WebSocket's 101 is named beside the frames that follow at once", () => {
    const lane = new LaneUnderTest('websocket')
    lane.connect(5_000)
    lane.ask(5_001, 'GET Upgrade: websocket')
    lane.answer(5_003, '101', 'websocket')
    for (let index = 0; index < 9; index += 1)
      lane.arrow(5_004 + index, { kind: 'frame', label: 'text 84 bytes' })
    expect(words(layout(lane))).toContain('101, text 84 bytes ×9')
  })
})

describe('labels', () => {
  test.each(['short-poll', 'long-poll', 'sse', 'websocket'] as const)(
    'of one side never touch each other (%s)',
    (way) => {
      for (const perSecond of [0.5, 1.3, 3, 8, 20, 100]) {
        const list = layout(busyLane(way, 30, perSecond), { untilMs: 27_654 })
        const lineHeightPx = list.frame.measures.fontPx
        for (const anchor of ['start', 'end'] as const) {
          const ys = texts(list)
            .filter(
              (text) => text.anchor === anchor && text.isCleared && !plainText(text).startsWith('not every'),
            )
            .map((text) => text.y)
            .sort((a, b) => a - b)
          ys.slice(1).forEach((y, index) => {
            expect(y - ys[index]!, `${perSecond} a second, ${anchor}`).toBeGreaterThanOrEqual(lineHeightPx)
          })
        }
      }
    },
  )

  test('of the two sides never lie upon each other, also where connections come and go', () => {
    const lane = new LaneUnderTest()
    for (let atMs = 500; atMs < 9_500; atMs += 900) {
      const connection = lane.connect(atMs)
      lane.ask(atMs + 1, 'GET offset=0000000002')
      lane.answer(atMs + 300, '200 2 messages')
      lane.arrows.at(-1)!.receivedAtMs += 250
      connection.closedAtMs = lane.startMs + atMs + 310
      connection.closedBy = atMs % 1_800 === 500 ? 'client' : 'server'
    }
    for (const widthPx of [220, 360, 480, 900]) {
      const list = layout(lane, { on: { ...size, widthPx } })
      const boxes = texts(list)
        .filter((text) => text.isCleared && text.y > list.frame.scale.topPx)
        .map((text) => boxOf(text))
      expect(boxes.length).toBeGreaterThan(12)
      boxes.forEach((box, index) => {
        for (const other of boxes.slice(index + 1)) {
          const isApart =
            box.right <= other.left ||
            other.right <= box.left ||
            box.bottom <= other.top ||
            other.bottom <= box.top
          expect(isApart, `${widthPx} wide: ${box.text} | ${other.text}`).toBe(true)
        }
      })
    }
  })

  test('that sink with a slanted arrow keep clear of what they sink to', () => {
    const lane = new LaneUnderTest()
    lane.arrow(3_000, { kind: 'response', label: '200 2 messages in this answer' }, 1_500)
    lane.ask(3_900, 'GET offset=0000000000000002_0000000000000002')
    const list = layout(lane)
    const [request, response] = texts(list)
      .filter((text) => text.isCleared)
      .map(boxOf) as [ReturnType<typeof boxOf>, ReturnType<typeof boxOf>]
    expect(request.top).toBeLessThan(response.bottom)
    expect(request.right).toBeLessThan(response.left)
  })

  test('thin out with a count where arrows are dense', () => {
    const list = layout(busyLane('sse', 20, 100), { untilMs: 20_000 })
    const counts = words(list).flatMap((text) => /^event data ×(\d+)$/.exec(text)?.[1] ?? [])
    expect(counts.length).toBeGreaterThan(15)
    expect(words(list).some((text) => text.startsWith('not every arrow is drawn'))).toBe(true)
  })

  test('in a crowd count every arrow once', () => {
    const lane = busyLane('websocket', 120, 100)
    const list = layout(lane, { untilMs: 120_000, viewport: { mode: 'following', visibleSeconds: 120 } })
    const total = words(list).reduce((sum, text) => sum + Number(/^×(\d+)$/.exec(text)?.[1] ?? 0), 0)
    expect(total).toBe(lane.arrows.length)
  })

  test('of a narrow lane are cut to their room', () => {
    const on = { ...size, widthPx: 220 }
    const lane = new LaneUnderTest()
    lane.ask(5_000, `GET offset=${'0'.repeat(80)}`)
    const [label] = words(layout(lane, { on })).filter((text) => text.startsWith('GET')) as [string]
    expect(label).toMatch(/…$/)
    expect(label.length).toBeLessThan(30)
  })
})

test('a lane of which nothing is known says so', () => {
  expect(words(layout(new LaneUnderTest()))).toEqual(
    expect.arrayContaining(['client', 'server', 'nothing yet']),
  )
})

test('however much goes on, some hundreds of shapes are laid out', () => {
  for (const way of ['short-poll', 'long-poll', 'sse', 'websocket'] as const) {
    const lane = busyLane(way, 130, 200)
    for (const visibleSeconds of [0.5, 2, 10, 30, 120]) {
      const list = layout(lane, { untilMs: 125_000, viewport: { mode: 'following', visibleSeconds } })
      expect(list.shapes.length, `${way} ${visibleSeconds}`).toBeLessThan(1_000)
    }
  }
})

test('the limit of shapes holds even for a lane of nothing but short connections and guesses', () => {
  const lane = new LaneUnderTest()
  for (let atMs = 0; atMs < 10_000; atMs += 4) {
    const connection = lane.connect(atMs)
    lane.ask(atMs, 'GET')
    lane.answer(atMs + 2, '200')
    connection.closedAtMs = lane.startMs + atMs + 3
  }
  for (const arrow of lane.arrows) arrow.isGuessed = true
  const { shapes } = layout(lane)
  expect(shapes.length).toBeGreaterThan(300)
  expect(shapes.length).toBeLessThanOrEqual(2_000)
})

/** Of letters half as wide as they are high, which stand and do not hang. */
function boxOf(text: Text) {
  const widthPx = plainText(text).length * text.sizePx * 0.5
  const left = text.anchor === 'start' ? text.x : text.x - widthPx
  const sinksPx = Math.tan(Math.abs(text.angle)) * widthPx
  const bottom = text.y + (text.anchor === 'end' ? sinksPx : 0)
  return { text: plainText(text), left, right: left + widthPx, top: text.y - text.sizePx * 0.75, bottom }
}

test('a stream of hundreds is drawn faintly, a pair of arrows among nothing is not', () => {
  const lane = new LaneUnderTest('sse')
  const busy = lines(layout(busyLane('sse', 20, 100), { untilMs: 20_000 }), 'event')
  // Only the newest one, and one above the upper edge, have no neighbour.
  const strong = busy.filter((line) => line.opacity > 0.6)
  expect(busy.length).toBeGreaterThan(100)
  expect(strong.length).toBeLessThanOrEqual(2)
  for (const line of strong.slice(0, -1)) expect(line.fromY).toBeLessThan(layout(lane).frame.scale.topPx)
  lane.arrow(5_000, {})
  lane.arrow(5_120, {})
  expect(lines(layout(lane), 'event').map((line) => line.opacity)).toEqual([1, 1])
})
