import { pick } from './random.js'

type Random = () => number

const soundHeaders = [
  'Accept: */*',
  'Content-Type: application/json',
  'content-type: text/plain',
  'Cookie: a=1',
  'Cookie: b=2',
  'X-A: 1',
  'x-a:2',
  'X-B:  two words \t',
  'X-Empty:',
  'X-High: \xe9\x80\xff',
  'X-Odd: ()<>@,;:\\"/[]?={}',
  '__proto__: 1',
  'constructor: 2',
  'toString: 3',
  "!#$%&'*+.^_`|~0: 4",
  'User-Agent: one',
  'User-Agent: two',
  'Referer: one',
  'referer: two',
  'ETag: a',
  'If-None-Match: a',
  'If-None-Match: b',
  'Authorization: a',
  'Authorization: b',
  'Origin: http://a',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: cake',
  'Trailer: X-A',
]
const connections = [
  'close',
  'Close',
  'keep-alive',
  'Keep-Alive',
  'upgrade',
  'keep-alive, Upgrade',
  'upgrade,close',
  'x, close',
  ' close ',
  'x-close',
  'closed',
  'close,',
  ',close',
  'close\xa0',
  'close;q=1',
]
const damagedHeaders = [
  'X A: 1',
  'X : 1',
  'X\t: 1',
  ': 1',
  'X',
  '',
  ' X: folded',
  '\tfolded',
  'X: \0',
  'X: a\x01b',
  'X: a\x7fb',
  'X: a\rb',
  'X: a\nb',
  'X\xe9: 1',
  'X(: 1',
  'X: 1\r\n folded',
  'X:\r\n folded',
  'Content-Length : 3',
  'Content-Length\t: 3',
  ' Content-Length: 3',
  'Transfer-Encoding : chunked',
  'X:1\n',
  '"X": 1',
  'X:: 1',
]
const lengths = (bytes: number) => [
  `0${bytes}`,
  `${bytes} `,
  `\t${bytes}`,
  `+${bytes}`,
  `-${bytes}`,
  `${bytes},${bytes}`,
  `${bytes}, ${bytes}`,
  `${bytes}\xa0`,
  `${bytes} 1`,
  `${bytes}.0`,
  `0x${bytes}`,
  `1e1`,
  `${bytes + 1}`,
  `${Math.max(0, bytes - 1)}`,
  '',
  'cake',
  '18446744073709551615',
  '18446744073709551616',
  '99999999999999999999',
  '184467440737095516160',
]
const codings = [
  'Chunked',
  'chunked ',
  'chunked\t',
  'chunked\xa0',
  '\xa0chunked',
  'chunked,',
  ',chunked',
  'chunked, chunked',
  'gzip, chunked',
  'gzip,chunked',
  'chunked, gzip',
  'gzip',
  'identity',
  'xchunked',
  'chunkedx',
  'chunked;a=b',
  '"chunked"',
  'chunk',
  '',
  'identity, chunked',
  'chunked\x0b',
]
const targets = [
  '/',
  '/v1/stream/cake?offset=-1&live=sse',
  '/a%00b',
  '*',
  'http://cake/a',
  '/a?b#c',
  '//',
  '/a\\b|"<>',
]
const damagedTargets = ['', 'cake', '/a b', '/\x01', '/\x7f', '/\xe9', '/a\tb', '?a', 'ftp:/a', '#a', '/\0']
const damagedVersions = [
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.1 ',
  'http/1.1',
  'HTTP/11',
  'HTTP/1,1',
  '',
  'ICE/1.0',
  'HTTP/01.1',
  'HTTP/1.10',
  ' HTTP/1.1',
  'HTTPS/1.1',
  'HTTP/1.1\t',
]
const damagedMethods = ['get', 'CAKE', 'G ET', '', 'GE\0T', 'GET:', 'GET\t', ' GET', 'GET(', 'G\xc9T', 'PRI']
const lineEnds = ['\n', '\r', '\r\r\n', '\n\r', '\r\n\r', '\0\r\n', ' \r\n']

/** How rarely a request is damaged in this or that: most conversations have one thing that is odd, or none. */
interface Odds {
  readonly random: Random
  readonly happens: (odds: number) => boolean
}

/** What a client sends that is mostly sound, and sometimes not, in the pieces that it arrives in. */
export function conversation(random: Random): Buffer[] {
  const isDamaged = random() < 0.75
  const odds: Odds = { random, happens: (chance) => isDamaged && random() < chance }
  let text = ''
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    if (random() < 0.1) text += '\r\n'.repeat(1 + Math.floor(random() * 3))
    if (odds.happens(0.05)) text += pick(random, ['\n', '\r', ' ', '\0', '\r\n '])
    text += request(odds)
  }
  // So that every line comes to its end: a server may wait for that before it refuses one.
  text += '\r\n\r\n'
  const bytes = Buffer.from(odds.happens(0.2) ? damaged(text, random) : text, 'latin1')
  return cut(bytes, random)
}

function request(odds: Odds): string {
  const { random, happens } = odds
  const line = () => (happens(0.01) ? pick(random, lineEnds) : '\r\n')
  const method = happens(0.05)
    ? pick(random, damagedMethods)
    : pick(random, ['GET', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])
  const target = happens(0.05) ? pick(random, damagedTargets) : pick(random, targets)
  const version = happens(0.05) ? pick(random, damagedVersions) : random() < 0.1 ? 'HTTP/1.0' : 'HTTP/1.1'
  const space = () => (happens(0.01) ? pick(random, ['  ', '\t', '\r', '', '\xa0', '\x0b']) : ' ')
  const headers = ['Host: cake']
  for (let count = Math.floor(random() * 4); count > 0; count--) headers.push(pick(random, soundHeaders))
  if (random() < 0.15) headers.push(`Connection: ${pick(random, connections)}`)
  if (random() < 0.05) headers.push(`connection: ${pick(random, connections)}`)
  if (random() < 0.01) headers.push(`X-Long: ${'a'.repeat(10_000)}`)
  if (happens(0.02)) headers.push(`X-Too-Long: ${'a'.repeat(20_000)}`)
  if (happens(0.1)) headers.push(pick(random, damagedHeaders))
  const body = bodyOf(odds)
  headers.push(...body.headers)
  shuffle(headers, random)
  const head = `${method}${space()}${target}${space()}${version}${line()}${headers.map((header) => header + line()).join('')}`
  return head + line() + body.text
}

function bodyOf(odds: Odds): { headers: string[]; text: string } {
  const { random, happens } = odds
  const text =
    random() < 0.05
      ? 'cake'.repeat(5_000)
      : pick(random, ['', 'a', '{"cake":1}', 'GET / HTTP/1.1\r\nX: y\r\n\r\n', '0\r\n\r\n'])
  const kind = random()
  if (kind < 0.3) return { headers: [], text: '' }
  if (kind < 0.65) {
    const length = happens(0.25) ? pick(random, lengths(text.length)) : String(text.length)
    const headers = [`Content-Length: ${length}`]
    if (happens(0.05)) headers.push(`content-length: ${pick(random, [String(text.length), length, '0'])}`)
    if (happens(0.05)) headers.push(`transfer-encoding: ${pick(random, ['chunked', ...codings])}`)
    return { headers, text }
  }
  const headers = [`Transfer-Encoding: ${happens(0.25) ? pick(random, codings) : 'chunked'}`]
  if (happens(0.05)) headers.push(`Transfer-Encoding: ${pick(random, ['chunked', ...codings])}`)
  if (happens(0.05)) headers.push(`Content-Length: ${pick(random, ['0', '5', String(text.length)])}`)
  return { headers, text: happens(0.05) ? text : chunked(text, odds) }
}

function chunked(text: string, { random, happens }: Odds): string {
  const extension = () =>
    random() < 0.1
      ? pick(random, [';', ';a', ';a=b', ';a="b;c"', ';a=b;c=d', ';a="b c"', ';a="\\""'])
      : happens(0.05)
        ? pick(random, [
            ' ',
            '\t',
            ' ;a',
            ';a\n',
            ';a\r',
            ';\0',
            ';a="b',
            ';a="\r\n"',
            '; a',
            ';a =b',
            ';=',
            ';a=',
            ';\xe9',
            ':a',
            ',',
            ';a\x7f',
            `;${'a'.repeat(2_000)}`,
          ])
        : ''
  const end = () =>
    happens(0.02) ? pick(random, ['\n', '\r', '', '\r\r\n', ' \r\n', '\n\r\n', 'a\r\n', '\r\n\r\n']) : '\r\n'
  const size = (bytes: number) => {
    const plain = bytes.toString(16)
    if (happens(0.05))
      return pick(random, [
        `0x${plain}`,
        `+${plain}`,
        `-${plain}`,
        ` ${plain}`,
        '',
        `${plain}g`,
        (bytes + 1).toString(16),
        `1${'0'.repeat(15)}`,
        `1${'0'.repeat(16)}`,
        'f'.repeat(16),
        `\t${plain}`,
        `${plain}_0`,
        (bytes + 16).toString(16),
      ])
    return random() < 0.1 ? pick(random, [plain.toUpperCase(), `0${plain}`, `000${plain}`]) : plain
  }
  let all = ''
  for (let at = 0; at < text.length; ) {
    const part = text.slice(at, at + 1 + Math.floor(random() * text.length))
    all += size(part.length) + extension() + end() + part + end()
    at += part.length
  }
  const last = happens(0.05)
    ? pick(random, ['', '00', '-0', ' 0', '0x0', '0 '])
    : pick(random, ['0', '0', '0', '000'])
  all += last + extension() + end()
  if (random() < 0.1) all += `${pick(random, ['X-A: 1', 'x-b:', 'X-C: \xe9'])}\r\n`
  if (happens(0.1))
    all += `${pick(random, ['X A: 1', 'cake', ' folded', 'X: \0', 'X : 1', ': 1', 'GET / HTTP/1.1', 'X: a\nb', 'X: a\rb', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Host: other', 'Connection: close', 'X: 1\r\n folded'])}${end()}`
  return all + end()
}

function shuffle(items: unknown[], random: Random): void {
  for (let left = items.length; left > 1; left--) {
    const other = Math.floor(random() * left)
    ;[items[left - 1], items[other]] = [items[other], items[left - 1]]
  }
}

/** Puts another character at one place, or one more, or takes one away. */
function damaged(text: string, random: Random): string {
  const at = Math.floor(random() * Math.min(text.length, 2_000))
  const other = pick(random, ['\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '\xff', 'a', '0', '\x0b'])
  return pick(random, [
    text.slice(0, at) + other + text.slice(at),
    text.slice(0, at) + other + text.slice(at + 1),
    text.slice(0, at) + text.slice(at + 1),
  ])
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const most =
    bytes.byteLength > 1_000
      ? pick(random, [1_000, 100_000])
      : pick(random, [3, 30, 30, 1_000, 100_000, 100_000])
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + 1 + Math.floor(random() * most)
    chunks.push(bytes.subarray(at, end))
    at = end
  }
  return chunks
}
