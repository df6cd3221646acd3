import { expect, test } from 'vitest'
import { describePainter, listOf, type Painted, someText } from './painter-suite.js'
import { paintSvg } from './svg-painter.js'
import { lightTheme } from './theme.js'

const words = { title: 'A lane', description: 'Ten seconds' }

describePainter('SVG', (list, theme) => read(paintSvg(list, theme, words)))

test('says what it shows, and needs nothing else', () => {
  const svg = paintSvg(listOf(someText), lightTheme, words)
  expect(svg).toContain('<title>A lane</title>\n<desc>Ten seconds</desc>')
  expect(svg).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="300" height="200" viewBox="0 0 300 200"/,
  )
  expect(svg.match(/(https?:|href|url\(|<style|<script)/g)).toEqual(['http:'])
})

test('escapes what comes from the wire, also what no XML may hold', () => {
  const runs = [{ text: `<script>"&'\u0000\ud800`, colour: 'request' }] as const
  const svg = paintSvg(listOf({ ...someText, runs }), lightTheme, { title: '<&>', description: '"' })
  expect(svg).toContain('>&lt;script&gt;&quot;&amp;&apos;\ufffd\ufffd</tspan>')
  expect(svg).toContain('<title>&lt;&amp;&gt;</title>')
})

test("keeps a theme's quotes out of its attributes", () => {
  const svg = paintSvg(listOf(), { ...lightTheme, fontFamily: '"Segoe UI", x' }, words)
  expect(svg).toContain('font-family="&quot;Segoe UI&quot;, x"')
})

function read(svg: string): Painted {
  const elements = (name: string) =>
    [...svg.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, attributes]) => attributes ?? '')
  const value = (attributes: string, name: string) =>
    new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''
  const numbers = (text: string) => (text === '' ? [] : text.split(' ').map(Number))
  const texts = [...svg.matchAll(/<text ([^>]*)>(.*?)<\/text>/g)].map(([, attributes = '', runs = '']) => ({
    attributes,
    runs,
  }))
  return {
    lines: elements('line').map((line) => ({
      colour: value(line, 'stroke'),
      dashes: numbers(value(line, 'stroke-dasharray')),
      opacity: Number(value(line, 'stroke-opacity') || 1),
    })),
    polygons: elements('polygon').map((polygon) => ({
      colour: value(polygon, 'fill'),
      points: numbers(value(polygon, 'points')),
      opacity: Number(value(polygon, 'fill-opacity') || 1),
    })),
    rects: elements('rect').map((rect) => ({
      colour: value(rect, 'fill'),
      opacity: Number(value(rect, 'fill-opacity') || 1),
    })),
    texts: texts.flatMap(({ attributes, runs }) =>
      [...runs.matchAll(/<tspan fill="([^"]*)">([^<]*)<\/tspan>/g)].map(([, colour = '', text = '']) => ({
        text,
        colour,
        isBold: value(attributes, 'font-weight') === '600',
      })),
    ),
    cleared: texts.filter(({ attributes }) => attributes.includes('paint-order="stroke"')).length,
    angles: texts.flatMap(({ attributes }) => {
      const degrees = /rotate\(([\d.-]+) /.exec(attributes)?.[1]
      return degrees === undefined ? [] : [(Number(degrees) * Math.PI) / 180]
    }),
  }
}
