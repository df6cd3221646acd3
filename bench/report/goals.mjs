import { format } from '../harness/table.mjs'

/**
 * What the project means to reach. Each goal has the words for it and `check(find)`, which gives `{ reached, isReached }`;
 * `find(scenario, case, title, figure)` is a median, and throws NotMeasured.
 */
export class NotMeasured extends Error {}

const times = (what, ours, theirs, wanted) => ({
  what,
  goal: `at least ${wanted} times`,
  check: (find) => {
    const other = theirs(find)
    const value = ours(find)
    if (other === 0) return { reached: 'the other carries no rate within the bound', isReached: value > 0 }
    return atLeast(value / other, wanted, ' times')
  },
})

const capacity = (name, title) => (find) => find('fan-out', name, title, 'deliveriesPerSecond')
const most = (what, scenario, name, title, figure, limit, unit) => ({
  what,
  goal: `at most ${limit} ${unit}`,
  check: (find) => atMost(find(scenario, name, title, figure), limit, ` ${unit}`),
})

/** Bun speaks WebSocket alone: SSE is held against that too. */
const fanOut = (name) => [
  times(
    `capacity, ${name}, beside Bun`,
    capacity(name, 'Tidings'),
    capacity('1,000 WebSocket', 'Bun, native publish'),
    5,
  ),
  times(
    `capacity, ${name}, beside Nchan`,
    capacity(name, 'Tidings'),
    capacity(name, 'nginx with Nchan'),
    150,
  ),
  times(
    `capacity, ${name}, beside Centrifugo`,
    capacity(name, 'Tidings'),
    capacity(name, 'Centrifugo 6, history on'),
    150,
  ),
  most(`CPU a delivery, ${name}`, 'fan-out', name, 'Tidings', 'cpuUsPerDelivery', 0.06, 'µs'),
]

const hundred = 'HTTP, kept alive, 100 publishers'
const durable = (find) => find('publish', hundred, 'Tidings, fsync', 'publishesPerSecond')
const reference = (store) => (find) =>
  find('publish', hundred, `Durable Streams reference, ${store}`, 'publishesPerSecond')
const overSocket = (form) => (find) =>
  find('publish', `WebSocket, ${form}, 100 publishers`, 'Tidings, fsync', 'publishesPerSecond')

const channels = '10,000 channels, WebSocket'
const bare = 'bare Node, a write for each delivery'

export const goals = [
  ...fanOut('1,000 WebSocket'),
  times(
    'capacity, 1,000 WebSocket, beside Socket.IO',
    capacity('1,000 WebSocket', 'Tidings'),
    capacity('1,000 WebSocket', 'Socket.IO'),
    200,
  ),
  ...fanOut('1,000 SSE'),
  times(
    'capacity, 10,000 WebSocket, p99 within 250 ms, beside Bun',
    capacity('10,000 WebSocket', 'Tidings'),
    capacity('10,000 WebSocket', 'Bun, native publish'),
    5,
  ),
  {
    what: 'a publish is acknowledged, and another channel heard, while 10,000 WebSockets are flushed 200 times a second',
    goal: 'before such a flush is over: both p99 less than that of the large channel',
    check: (find) => {
      const of = (key) => find('while-flushing', '10,000 WebSocket, 200 messages a second', 'Tidings', key)
      const [acknowledged, elsewhere, flushed] = ['acknowledgedP99Ms', 'elsewhereP99Ms', 'flushedP99Ms'].map(
        of,
      )
      const reached = `${format(acknowledged)} ms and ${format(elsewhere)} ms, beside ${format(flushed)} ms`
      return { reached, isReached: Math.max(acknowledged, elsewhere) < flushed }
    },
  },
  {
    what: 'p99 at 80 messages a second to 1,000 WebSockets',
    goal: "at most Nchan's plus one flush of the disk (the p50 of a single publisher)",
    check: (find) => {
      const at = '1,000 WebSocket, 80 messages a second'
      const flushMs = find('publish', 'HTTP, kept alive, 1 publisher', 'Tidings, fsync', 'p50Ms')
      const limit = find('latency', at, 'nginx with Nchan', 'p99Ms') + flushMs
      const ours = find('latency', at, 'Tidings', 'p99Ms')
      const bun = find('latency', at, 'Bun, native publish', 'p99Ms')
      const reached = `${format(ours)} ms, beside ${format(limit)} ms; Bun ${format(bun)} ms`
      return { reached, isReached: ours <= limit }
    },
  },
  most('memory of an idle WebSocket', 'idle', '10,000 WebSocket', 'Tidings', 'kbPerConnection', 6, 'kB'),
  most('memory of an idle SSE stream', 'idle', '10,000 SSE', 'Tidings', 'kbPerConnection', 8, 'kB'),
  most(
    'memory of a held long poll',
    'idle',
    '10,000 held long polls',
    'Tidings',
    'kbPerConnection',
    10,
    'kB',
  ),
  times(
    'durable publishes, 100 connections, beside the reference with files',
    durable,
    reference('file store'),
    25,
  ),
  times('the same, beside the reference in memory', durable, reference('in memory'), 1),
  times('the same over plain WebSocket, beside HTTP', overSocket('plain'), durable, 3),
  times('the same over tidings.v1, beside HTTP', overSocket('tidings.v1'), durable, 3),
  times(
    'empty short polls, beside bare node:http',
    (find) => find('short-poll', 'conditional (304)', 'Tidings', 'answersPerSecond'),
    (find) => find('short-poll', 'unconditional (200)', bare, 'answersPerSecond'),
    0.5,
  ),
  most(
    'bytes of an empty answer',
    'short-poll',
    'conditional (304)',
    'Tidings',
    'bytesPerAnswer',
    210,
    'bytes',
  ),
  most('the same with CORS', 'short-poll', 'conditional, CORS', 'Tidings', 'bytesPerAnswer', 260, 'bytes'),
  {
    what: 'CPU a delivery, 10,000 channels with one or two subscribers',
    goal: 'at most 1.2 times that of bare Node, with one write each',
    check: (find) => {
      const ours = find('many-channels', channels, 'Tidings', 'cpuUsPerDelivery')
      return atMost(ours / find('many-channels', channels, bare, 'cpuUsPerDelivery'), 1.2, ' times')
    },
  },
  ...['WebSocket', 'SSE'].map((way) => ({
    what: `capacity when a tenth stopped reading, ${way}`,
    goal: 'at least 95 % for each of the others',
    check: (find) =>
      atLeast(find('slow-readers', `1,000 ${way}, 10 % stopped`, 'Tidings', 'keptPercent'), 95, ' %'),
  })),
  ...['WebSocket', 'SSE'].flatMap((way) => {
    const name = `1,000 readers of 100,000 messages, ${way}`
    const figure = (find, key) => find('catch-up', name, 'Tidings', key)
    return [
      most(
        `longest turn of the loop while 1,000 replay, ${way}`,
        'catch-up',
        name,
        'Tidings',
        'longestTurnMs',
        10,
        'ms',
      ),
      {
        what: `p99 of live readers meanwhile, ${way}`,
        goal: 'at most twice that before, plus 5 ms',
        check: (find) => atMost(figure(find, 'liveP99Ms'), 2 * figure(find, 'quietP99Ms') + 5, ' ms'),
      },
    ]
  }),
]

function atLeast(value, wanted, unit) {
  return { reached: `${format(value)}${unit}`, isReached: value >= wanted }
}

function atMost(value, limit, unit) {
  return { reached: `${format(value)}${unit} (of ${format(limit)})`, isReached: value <= limit }
}
