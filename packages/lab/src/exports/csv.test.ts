import { expect, test } from 'vitest'
import { formatCsv } from './csv.js'

const cell = (value: string | number | undefined) => formatCsv(['a'], [[value]]).slice('a\r\n'.length, -2)

test('lines end in CR LF, the first names the columns', () => {
  expect(
    formatCsv(
      ['way', 'requests'],
      [
        ['sse', 1],
        ['websocket', undefined],
      ],
    ),
  ).toBe('way,requests\r\nsse,1\r\nwebsocket,\r\n')
})

test('commas, quotes and line breaks stand within quotes', () => {
  expect(cell('a,b')).toBe('"a,b"')
  expect(cell('a "b"')).toBe('"a ""b"""')
  expect(cell('a\r\nb')).toBe('"a\r\nb"')
  expect(cell('a b')).toBe('a b')
})

test('no text is a formula to a spreadsheet, and numbers stay numbers', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1'])
    expect(cell(text)).toBe(`'${text}`)
  expect(cell('=A1,B1')).toBe(`"'=A1,B1"`)
  expect(cell('\r=1')).toBe(`"'\r=1"`)
  expect(cell(-0.25)).toBe('-0.25')
  expect(cell('Mozilla/5.0 (X11)')).toBe('Mozilla/5.0 (X11)')
})
