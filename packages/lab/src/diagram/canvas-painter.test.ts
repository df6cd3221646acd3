import { expect, test } from 'vitest'
import { CanvasPainter } from './canvas-painter.js'
import { describePainter, listOf, someText } from './painter-suite.js'
import { SurfaceUnderTest } from './surface-under-test-suite.js'
import { lightTheme } from './theme.js'

describePainter('canvas', (list, theme) => {
  const surface = new SurfaceUnderTest()
  new CanvasPainter(surface).paint(list, theme)
  return surface.painted
})

test("paints in the device's pixels", () => {
  const surface = new SurfaceUnderTest()
  const list = listOf()
  new CanvasPainter(surface).paint({ ...list, size: { ...list.size, pixelRatio: 2 } }, lightTheme)
  expect(surface.transforms).toEqual([[2, 0, 0, 2, 0, 0]])
})

test('puts runs one after the other, from where the text is anchored', () => {
  const runs = [
    { text: 'ab', colour: 'request' },
    { text: 'cde', colour: 'muted' },
  ] as const
  const surface = new SurfaceUnderTest()
  const texts = (['start', 'middle', 'end'] as const).map((anchor) => ({ ...someText, x: 100, anchor, runs }))
  new CanvasPainter(surface).paint(listOf(...texts), lightTheme)
  expect(surface.textPlaces.map(({ x }) => x)).toEqual([100, 112, 85, 97, 70, 82])
})

test('measures a text once, however often it is painted', () => {
  const surface = new SurfaceUnderTest()
  const painter = new CanvasPainter(surface)
  for (let frame = 0; frame < 5; frame += 1) painter.paint(listOf(someText, someText), lightTheme)
  expect(surface.measured).toBe(1)
})
