import { pick } from '../support/random.js'

/** Lines such as logs have, and such as could be taken for something else on the way. */
export const oddLines: readonly string[] = [
  '2026-01-31T12:00:00.000Z INFO  ready',
  '',
  '   indented, with a tab\tand two spaces at the end  ',
  'says "quoted", \'single\' and `ticked`',
  'C:\\path\\with\\backslashes\\ and "\\"',
  '{"level":"info","n":9007199254740993,"b":1,"a":1.0}',
  '["not","a","batch"]',
  '9007199254740993',
  'null',
  'data: looks like an event stream',
  'event: control',
  'id: 7',
  ':',
  ' data',
  'Grüße, 你好, здравствуйте, שלום',
  'cake \u{1f370}, a family \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}, composed \u00e9 and e\u0301',
  'line separators \u2028 and \u2029 and next line \u0085',
  'byte order mark \ufeff in the middle',
  '\ufeffbyte order mark first',
  'carriage return at the end\r',
  'progress 10%\rprogress 100%',
  '\u001b[31mcolours\u001b[0m and a bell \u0007 and a null \u0000',
  '</script><script>alert(1)</script>&amp;',
  '%41%0a + ? # &',
  `a long one ${'x'.repeat(70_000)}`,
  `a very long one ${'\u{1f370}"\\'.repeat(50_000)}`,
]

const words = ['GET', '/cake', '200', '"ok"', 'ü', '\u{1f370}', '\\', '\t', '{', '}', '', '  ', 'took 3 ms']

/** A line of a log that nobody has thought of. */
export function randomLine(random: () => number): string {
  const length = Math.floor(random() * 20)
  return Array.from({ length }, () => pick(random, words)).join(' ')
}
