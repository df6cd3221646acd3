import { describe, expect, test } from 'vitest'
import { hostName, isLoopbackHost } from './loopback.js'
import { WebAccess } from './web-access.js'

const loopbackHosts = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'app.localhost',
  '127.0.0.1',
  '127.0.0.1.',
  '127.255.3.4',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
]

const otherHosts = [
  '',
  '.',
  '.localhost',
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'localhostevil',
  'notlocalhost',
  '127.0.0.1evil',
  '127.0.0.256',
  '127.999.0.1',
  '128.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '[::]',
  '[::2]',
  '[::ffff:10.0.0.1]',
  '[fe80::1]',
  'lоcalhost',
]

test.each(loopbackHosts)('%s is this machine', (host) => expect(isLoopbackHost(host)).toBe(true))

test.each(otherHosts)('%j is not known to be this machine', (host) => {
  expect(isLoopbackHost(host)).toBe(false)
})

test.each([
  ['localhost:4437', 'localhost'],
  ['localhost', 'localhost'],
  ['localhost:', 'localhost'],
  ['127.0.0.1:1', '127.0.0.1'],
  ['[::1]:4437', '[::1]'],
  ['[::1]', '[::1]'],
  ['localhost:4437:1', undefined],
  ['localhost:http', undefined],
  ['localhost:123456', undefined],
  ['user@localhost', undefined],
  ['localhost/evil', undefined],
  ['localhost#evil', undefined],
  ['localhost evil', undefined],
  ['::1', undefined],
  ['[::1', undefined],
  ['', undefined],
])('the host of %j is %j', (header, host) => expect(hostName(header)).toBe(host))

const refusal = (code: string) => expect.objectContaining({ code })

describe('on loopback', () => {
  const access = new WebAccess({
    isPublic: false,
    allowedOrigins: ['https://app.example', 'http://Other.Example:81'],
  })
  const check = (origin: string | undefined, host: string | undefined = 'localhost', fetchSite?: string) =>
    access.check({ origin, host, fetchSite })

  test.each([...loopbackHosts.map((host) => `${host}:1`), undefined])(
    'a request for %s is served',
    (host) => {
      access.check({ host, origin: undefined, fetchSite: undefined })
    },
  )

  test.each(otherHosts)('a request for %j is refused, whatever its origin', (host) => {
    for (const origin of [undefined, 'http://localhost', 'https://app.example']) {
      expect(() => check(origin, host)).toThrow(refusal('host-refused'))
    }
  })

  test.each([
    undefined,
    'http://localhost',
    'http://localhost:3000',
    'https://127.0.0.1:8443',
    'http://[::1]:5173',
    'http://app.localhost',
    'https://app.example',
    'HTTPS://APP.EXAMPLE',
    'http://other.example:81',
  ])('a page of %s may', (origin) => check(origin))

  test.each([
    '',
    'null',
    'http://evil.example',
    'https://app.example.evil.example',
    'http://app.example',
    'https://app.example:8443',
    'https://sub.app.example',
    'http://other.example',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.example#localhost',
    'http://evil.example/localhost',
    'http://evil.example?localhost',
    'http://user@localhost',
    'http://localhost@evil.example',
    'http://localhost:80@evil.example',
    'http://localhost/',
    'http://evil.example\\@localhost',
    'http://localhost http://evil.example',
    'file://',
    'file://localhost',
    'ftp://localhost',
    'javascript://localhost',
    'chrome-extension://localhost',
    'localhost',
    '//localhost',
    'http://',
    'http:localhost',
    '*',
  ])('a page of %j may not', (origin) => {
    expect(() => check(origin)).toThrow(refusal('origin-refused'))
    expect(access.allows(origin, 'localhost')).toBe(false)
  })

  test('a request without an origin is refused when the browser says that another site made it', () => {
    expect(() => check(undefined, 'localhost', 'cross-site')).toThrow(refusal('origin-refused'))
    for (const site of ['same-origin', 'same-site', 'none', undefined]) check(undefined, 'localhost', site)
  })
})

test('* lets pages of every origin in, and no other host', () => {
  const access = new WebAccess({ isPublic: false, allowedOrigins: ['*'] })
  for (const origin of ['https://any.example', 'null', undefined]) {
    access.check({ origin, host: 'localhost', fetchSite: 'cross-site' })
    expect(() => access.check({ origin, host: 'evil.example', fetchSite: undefined })).toThrow(
      refusal('host-refused'),
    )
  }
})

test('a public server takes every host, its own pages, and those on the list', () => {
  const access = new WebAccess({ isPublic: true, allowedOrigins: ['https://app.example'] })
  const host = 'news.example:8080'
  for (const origin of [
    undefined,
    'http://news.example:8080',
    'http://NEWS.example:8080',
    'https://app.example',
  ]) {
    access.check({ origin, host, fetchSite: undefined })
  }
  for (const origin of ['http://news.example', 'http://localhost', 'http://evil.example', 'null']) {
    expect(() => access.check({ origin, host, fetchSite: undefined })).toThrow(refusal('origin-refused'))
  }
})
