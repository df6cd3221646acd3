import { expect, test } from 'vitest'
import { randomOf, seedOfRun } from '../../../../tests/support/random.js'
import { dataLines } from './data-lines.js'

/** As the standard's parser takes them in: each line without its field's name and one blank. */
function heard(lines: string): string {
  expect(lines.endsWith('\n')).toBe(true)
  const values = lines.slice(0, -1).split('\n')
  return values.map((line) => /^data:(?: )?(.*)$/s.exec(line)?.[1] ?? 'no data').join('\n')
}

test('a text is heard as it is, but for its line breaks, which become the one that there is', () => {
  const seed = seedOfRun()
  const random = randomOf(seed)
  const parts = ['\n', '\r', '\r\n', ' ', '  ', 'a', 'data:', 'ü', '🍰', '\u2028', '']
  for (let round = 0; round < 2_000; round++) {
    const length = Math.floor(random() * 12)
    const text = Array.from({ length }, () => parts[Math.floor(random() * parts.length)]).join('')
    expect(heard(dataLines(text)), `seed ${seed}`).toBe(text.replace(/\r\n|\r/g, '\n'))
  }
})

test('a message of nothing but line breaks, which is four million lines, holds the server for a moment only', () => {
  const began = performance.now()
  expect(dataLines('\n'.repeat(4 * 1024 * 1024)).length).toBe(6 * (4 * 1024 * 1024 + 1))
  expect(performance.now() - began).toBeLessThan(1_000)
})
