import { expect, test } from 'vitest'
import { resolveSettings, SettingInvalid, type Settings, settingDescriptions } from './settings.js'

const valid: Record<keyof Settings, readonly [text: string, value: Settings[keyof Settings]][]> = {
  host: [
    ['localhost', 'localhost'],
    ['::1', '::1'],
    ['127.0.0.2', '127.0.0.2'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
  ],
  port: [
    ['0', 0],
    ['65535', 65_535],
  ],
  data: [['./cakes', './cakes']],
  engine: [
    ['disk', 'disk'],
    ['memory', 'memory'],
  ],
  lab: [
    ['on', 'on'],
    ['off', 'off'],
    ['loopback', 'loopback'],
  ],
  durability: [
    ['fsync', 'fsync'],
    ['os', 'os'],
  ],
  longPollMs: [
    ['0', 0],
    ['55000', 55_000],
  ],
  heartbeatMs: [['100', 100]],
  sseMaxAgeMs: [
    ['0', 0],
    ['60000', 60_000],
  ],
  autoCreate: [
    ['orders/*', ['orders/*']],
    ['**', ['**']],
    [' rooms/room-* , users/*/inbox,news/**', ['rooms/room-*', 'users/*/inbox', 'news/**']],
    ['exactly/this one', ['exactly/this one']],
  ],
  allowOrigin: [
    ['*', ['*']],
    ['https://app.example', ['https://app.example']],
    [' https://app.example , http://localhost:3000', ['https://app.example', 'http://localhost:3000']],
  ],
  maxMessageBytes: [
    ['1', 1],
    ['67108864', 64 * 1024 ** 2],
  ],
  maxBodyBytes: [['1073741824', 1024 ** 3]],
  maxNameBytes: [['1024', 1024]],
  maxBodiesBytes: [['1', 1]],
  maxConnections: [['1', 1]],
  compression: [
    ['on', 'on'],
    ['off', 'off'],
  ],
  public: [
    ['1', true],
    ['yes', true],
    ['TRUE', true],
    ['false', false],
    ['no', false],
    ['0', false],
  ],
  // Each needs the other: together below.
  tlsCert: [],
  tlsKey: [],
  tlsSelfSigned: [
    ['true', true],
    ['no', false],
  ],
}

const invalid: Record<keyof Settings, readonly string[]> = {
  host: [' ', '\0'],
  port: ['-1', '65536', '80.5', '1e3', '0x50', 'http', ' 80'],
  data: [' '],
  engine: ['Disk', 'redis'],
  durability: ['fsync ', 'none'],
  lab: ['yes', 'true'],
  longPollMs: ['55001', '-1', '25s', 'NaN'],
  heartbeatMs: ['99', '3600001', 'Infinity'],
  sseMaxAgeMs: ['-1', '86400001', '60s'],
  autoCreate: [
    '/orders/*',
    'orders/',
    'orders//*',
    'orders/*,,rooms/*',
    '**/orders',
    'orders/**x',
    'orders/x**',
    '***',
    'a*b*',
    '../*',
    '__ds/*',
    'bell\u0007/*',
    `${'x'.repeat(1_024)}*`,
  ],
  allowOrigin: [
    'app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://user@app.example',
    'https://*.example',
    'null',
    'https://a.example,,https://b.example',
    'https://a.example;https://b.example',
  ],
  maxMessageBytes: ['0', '67108865', '4MiB'],
  maxBodyBytes: ['0', '16m'],
  maxNameBytes: ['0', '1025'],
  maxBodiesBytes: ['0', '256m'],
  maxConnections: ['0', 'many'],
  compression: ['ON', 'gzip'],
  public: ['maybe', '2'],
  tlsCert: [' ', 'a\0.pem'],
  tlsKey: [' '],
  tlsSelfSigned: ['please'],
}

const cases = settingDescriptions.flatMap(({ name, variable }) => [
  ...valid[name].map(([text, value]) => ({ name, variable, text, value, isValid: true as const })),
  ...invalid[name].map((text) => ({ name, variable, text, isValid: false as const })),
])

test.each(cases.filter((each) => each.isValid))('$variable=$text', ({ name, variable, text, value }) => {
  expect(resolveSettings({}, { [variable]: text })[name]).toEqual(value)
  expect(resolveSettings({ [name]: value })[name]).toEqual(value)
})

test.each(cases.filter((each) => !each.isValid))(
  '$variable=$text is refused, and so is the same from a program',
  ({ name, variable, text }) => {
    expect(() => resolveSettings({}, { [variable]: text })).toThrow(SettingInvalid)
    expect(() => resolveSettings({}, { [variable]: text })).toThrow(variable)
    expect(() => resolveSettings({ [name]: text })).toThrow(`${name}: `)
  },
)

test.each([NaN, Infinity, -0.5, 2 ** 53])('a program that gives %s for a number is refused', (number) => {
  expect(() => resolveSettings({ maxBodyBytes: number })).toThrow(SettingInvalid)
})

test('a certificate and its key come together, and not beside one that is made for the occasion', () => {
  const pair = { tlsCert: 'chain.pem', tlsKey: 'key.pem' }
  const variables = { TIDINGS_TLS_CERT: 'chain.pem', TIDINGS_TLS_KEY: 'key.pem' }
  expect(resolveSettings(pair)).toMatchObject(pair)
  expect(resolveSettings({}, variables)).toMatchObject(pair)
  expect(() => resolveSettings({ tlsCert: 'chain.pem' })).toThrow('--tls-cert needs --tls-key as well')
  expect(() => resolveSettings({ tlsKey: 'key.pem' })).toThrow('--tls-key needs --tls-cert as well')
  expect(() => resolveSettings({ ...pair, tlsSelfSigned: true })).toThrow('not both')
})

test('without anything the defaults hold, and an empty variable is none', () => {
  const defaults = {
    host: '127.0.0.1',
    port: 4437,
    data: './data',
    engine: 'disk',
    durability: 'fsync',
    longPollMs: 25_000,
    heartbeatMs: 15_000,
    sseMaxAgeMs: 0,
    autoCreate: [],
    allowOrigin: [],
    maxMessageBytes: 4 * 1024 * 1024,
    maxBodyBytes: 16 * 1024 * 1024,
    maxNameBytes: 1_024,
    maxBodiesBytes: 256 * 1024 * 1024,
    maxConnections: 100_000,
    compression: 'on',
    lab: 'loopback',
    public: false,
    tlsCert: '',
    tlsKey: '',
    tlsSelfSigned: false,
  }
  expect(resolveSettings()).toEqual(defaults)
  const empty = Object.fromEntries(settingDescriptions.map(({ variable }) => [variable, '']))
  expect(resolveSettings({}, empty)).toEqual(defaults)
})

test('what a program gives goes before the environment', () => {
  expect(resolveSettings({ port: 0 }, { TIDINGS_PORT: '8080' }).port).toBe(0)
  expect(resolveSettings({ allowOrigin: [] }, { TIDINGS_ALLOW_ORIGIN: '*' }).allowOrigin).toEqual([])
})

test.each(['0.0.0.0', '::', '192.168.0.1', 'example.com', 'localhost.example.com', '128.0.0.1'])(
  '%s, which others can reach, is refused unless that is meant',
  (host) => {
    expect(() => resolveSettings({ host })).toThrow('--public')
    expect(resolveSettings({ host, public: true }).host).toBe(host)
  },
)

test('each setting has one flag and one variable, named alike', () => {
  expect(settingDescriptions.map(({ flag, variable }) => `${flag} ${variable}`)).toEqual([
    '--host TIDINGS_HOST',
    '--port TIDINGS_PORT',
    '--data TIDINGS_DATA',
    '--engine TIDINGS_ENGINE',
    '--durability TIDINGS_DURABILITY',
    '--long-poll-ms TIDINGS_LONG_POLL_MS',
    '--heartbeat-ms TIDINGS_HEARTBEAT_MS',
    '--sse-max-age-ms TIDINGS_SSE_MAX_AGE_MS',
    '--auto-create TIDINGS_AUTO_CREATE',
    '--allow-origin TIDINGS_ALLOW_ORIGIN',
    '--max-message-bytes TIDINGS_MAX_MESSAGE_BYTES',
    '--max-body-bytes TIDINGS_MAX_BODY_BYTES',
    '--max-name-bytes TIDINGS_MAX_NAME_BYTES',
    '--max-bodies-bytes TIDINGS_MAX_BODIES_BYTES',
    '--max-connections TIDINGS_MAX_CONNECTIONS',
    '--compression TIDINGS_COMPRESSION',
    '--lab TIDINGS_LAB',
    '--public TIDINGS_PUBLIC',
    '--tls-cert TIDINGS_TLS_CERT',
    '--tls-key TIDINGS_TLS_KEY',
    '--tls-self-signed TIDINGS_TLS_SELF_SIGNED',
  ])
})
