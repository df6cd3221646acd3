import { expect, test } from 'vitest'
import { dragInput, keyAction, pinchInput, wheelInput } from './viewport-controls.js'

const plain = { ctrlKey: false, metaKey: false, altKey: false }
const press = (key: string) => keyAction({ ...plain, key }, 10)
const scale = { pixelsPerMs: 0.05, pageHeightPx: 500, pointerMs: 1_234 }

test('arrow keys go from arrow to arrow, Escape lets go of it', () => {
  expect(press('ArrowUp')).toEqual({ kind: 'move', step: -1 })
  expect(press('ArrowDown')).toEqual({ kind: 'move', step: 1 })
  expect(press('Escape')).toEqual({ kind: 'deselect' })
})

test('plus shows less time, minus more, without Shift too', () => {
  const factorOf = (key: string) => (press(key) as { input: { factor: number } }).input.factor
  expect(factorOf('+')).toBeLessThan(1)
  expect(factorOf('=')).toBe(factorOf('+'))
  expect(factorOf('-')).toBe(1 / factorOf('+'))
  expect(factorOf('_')).toBe(factorOf('-'))
})

test('Home, End, Page Up, Page Down and space move through time', () => {
  expect(press('Home')).toEqual({ kind: 'viewport', input: { kind: 'to-start' } })
  expect(press('End')).toEqual({ kind: 'viewport', input: { kind: 'to-now' } })
  expect(press('PageUp')).toEqual({ kind: 'viewport', input: { kind: 'scroll', byMs: -8_000 } })
  expect(press('PageDown')).toEqual({ kind: 'viewport', input: { kind: 'scroll', byMs: 8_000 } })
  expect(press(' ')).toEqual({ kind: 'viewport', input: { kind: 'toggle-pause' } })
})

test("other keys, and keys with a modifier, are the browser's", () => {
  for (const key of ['Tab', 'Enter', 'a', 'F5', 'ArrowLeft']) expect(press(key)).toBeUndefined()
  for (const modifier of ['ctrlKey', 'metaKey', 'altKey']) {
    expect(keyAction({ ...plain, [modifier]: true, key: '+' }, 10)).toBeUndefined()
  }
})

test('a wheel scrolls by what it says: pixels, lines or pages', () => {
  const turn = (deltaY: number, deltaMode: number) => wheelInput({ deltaY, deltaMode, ctrlKey: false }, scale)
  expect(turn(-100, 0)).toEqual({ kind: 'scroll', byMs: -2_000 })
  expect(turn(3, 1)).toEqual({ kind: 'scroll', byMs: 960 })
  expect(turn(1, 2)).toEqual({ kind: 'scroll', byMs: 10_000 })
})

test('with Ctrl a wheel zooms around the pointer, and back by the same', () => {
  const out = wheelInput({ deltaY: 100, deltaMode: 0, ctrlKey: true }, scale)
  const back = wheelInput({ deltaY: -100, deltaMode: 0, ctrlKey: true }, scale)
  expect(out).toMatchObject({ kind: 'zoom', aroundMs: 1_234 })
  expect(back).toMatchObject({ kind: 'zoom', aroundMs: 1_234 })
  if (out.kind !== 'zoom' || back.kind !== 'zoom') return
  expect(out.factor).toBeGreaterThan(1)
  expect(out.factor * back.factor).toBeCloseTo(1)
})

test('what is dragged down is the past', () => {
  expect(dragInput(50, 0.05)).toEqual({ kind: 'scroll', byMs: -1_000 })
})

test('fingers that move apart show less time', () => {
  expect(pinchInput(100, 200, 7)).toEqual({ kind: 'zoom', factor: 0.5, aroundMs: 7 })
  expect(pinchInput(0, 0, 7)).toEqual({ kind: 'zoom', factor: 1, aroundMs: 7 })
})
