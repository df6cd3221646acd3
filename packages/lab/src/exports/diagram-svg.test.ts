import { expect, test } from 'vitest'
import { busyLane } from '../diagram/lane-under-test-suite.js'
import { darkTheme } from '../diagram/theme.js'
import { diagramSvg } from './diagram-svg.js'
import { fileNameOf } from './download.js'

test("a lane's diagram is a picture of its own that says what it shows", () => {
  const lane = busyLane('long-poll', 30, 1)
  const svg = diagramSvg(
    {
      lane,
      viewport: { mode: 'following', visibleSeconds: 10 },
      nowMs: lane.startMs + 20_000,
      size: { widthPx: 480, heightPx: 600, pixelRatio: 1 },
      selected: undefined,
    },
    darkTheme,
  )
  expect(svg).toContain('<title>Sequence diagram of long polling</title>')
  expect(svg).toContain('10 seconds until 2026-11-25T14:00:20.000Z, by the server&apos;s clock')
  expect(svg).toContain('200 1 message')
  expect(svg).toContain(darkTheme.colours.background)
})

test('a file is named by what it is and when, in letters that every file system takes', () => {
  const at = new Date('2026-11-25T14:05:09.250Z')
  expect(fileNameOf('long-poll', at, 'svg')).toBe('tidings-lab-long-poll-2026-11-25T14-05-09.svg')
  expect(fileNameOf('a/b: c', at, 'csv')).toBe('tidings-lab-a-b-c-2026-11-25T14-05-09.csv')
})
