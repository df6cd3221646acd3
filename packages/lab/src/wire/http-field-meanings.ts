import { type FieldMeanings, field } from './field-meaning.js'

/** @see RFC 9110, RFC 9111, RFC 9112 */
export const httpFieldMeanings: FieldMeanings = {
  accept: field('RFC 9110 §12.5.1', (value) =>
    value === '*/*' ? 'any content type will do' : `content types that the client takes: ${value}`,
  ),
  'accept-encoding': field(
    'RFC 9110 §12.5.3',
    (value) => `the client takes a body compressed by ${value}, or as it is`,
  ),
  'accept-language': field('RFC 9110 §12.5.4', (value) => `languages that the reader prefers: ${value}`),
  age: field('RFC 9111 §5.1', (value) => `a cache has had the answer for ${value} s`),
  allow: field('RFC 9110 §10.2.1', (value) => `the methods that there are: ${value}`),
  authorization: field('RFC 9110 §11.6.2', 'who asks; its secret is shown as dots'),
  'cache-control': field('RFC 9111 §5.2', cacheControl),
  connection: field('RFC 9110 §7.6.1', connection),
  'content-encoding': field('RFC 9110 §8.4', (value) => `the body is compressed by ${value}`),
  'content-length': field('RFC 9110 §8.6', (value) => `the body has ${value} bytes: where it ends`),
  'content-type': field('RFC 9110 §8.3', (value) => `the body is ${value}`),
  cookie: field('RFC 6265 §5.4', 'what the server asked the browser to keep; shown as dots'),
  date: field('RFC 9110 §6.6.1', (value) => `the answer was made at ${value}`),
  etag: field(
    'RFC 9110 §8.8.3',
    (value) => `a tag for just this content: ${value}; If-None-Match may name it`,
  ),
  expect: field('RFC 9110 §10.1.1', 'the client waits for 100 before it sends the body'),
  expires: field('RFC 9111 §5.3', (value) => `a cache may use the answer until ${value}`),
  host: field('RFC 9110 §7.2', (value) => `whom the request is for: ${value}`),
  'if-none-match': field(
    'RFC 9110 §13.1.2',
    (value) => `only if its tag is not ${value}: what the client has already comes as 304 without a body`,
  ),
  'keep-alive': field('RFC 2068 §19.7.1', keepAlive),
  'last-modified': field('RFC 9110 §8.8.2', (value) => `it changed last at ${value}`),
  location: field('RFC 9110 §10.2.2', (value) => `where it is: ${value}`),
  pragma: field('RFC 9111 §5.4', 'the word of HTTP/1.0 for "ask again, whatever a cache has"'),
  priority: field('RFC 9218 §5', (value) => `how urgent the answer is to the client: ${value}`),
  referer: field('RFC 9110 §10.1.3', (value) => `the page that asks: ${value}`),
  'retry-after': field('RFC 9110 §10.2.3', (value) => `come back in ${value} s`),
  server: field('RFC 9110 §10.2.4', (value) => `the server's software: ${value}`),
  te: field('RFC 9110 §10.1.4', (value) => `transfer codings that the client takes: ${value}`),
  trailer: field('RFC 9110 §6.6.2', (value) => `fields that follow the body: ${value}`),
  'transfer-encoding': field('RFC 9112 §6.1', (value) =>
    value.toLowerCase() === 'chunked'
      ? 'the body comes in chunks, each with its length before it: it may go on for ever'
      : `how the body is coded for the way: ${value}`,
  ),
  upgrade: field('RFC 9110 §7.8', (value) => `the protocol to change to on this connection: ${value}`),
  'user-agent': field('RFC 9110 §10.1.5', (value) => `the client's software: ${value}`),
  vary: field(
    'RFC 9110 §12.5.5',
    (value) => `the answer depends on these of the request's headers: ${value}`,
  ),
  via: field('RFC 9110 §7.6.3', (value) => `it came by way of ${value}`),
}

const directives: Readonly<Record<string, string>> = {
  'no-store': 'no cache may keep it',
  'no-cache': 'a cache asks again before it uses it',
  'no-transform': 'nobody on the way may change it',
  public: 'any cache may keep it',
  private: "only the reader's own cache may keep it",
  'must-revalidate': 'never used once it is old',
}

const timedDirectives: Readonly<Record<string, (seconds: string) => string>> = {
  'max-age': (seconds) => `fresh for ${seconds} s`,
  's-maxage': (seconds) => `fresh for ${seconds} s in shared caches`,
  'stale-while-revalidate': (seconds) => `for ${seconds} s more while a cache asks again (RFC 5861 §3)`,
}

function cacheControl(value: string): string {
  const words = value.split(',').map((directive) => {
    const [name = '', seconds = ''] = directive.trim().toLowerCase().split('=')
    return timedDirectives[name]?.(seconds) ?? directives[name] ?? directive.trim()
  })
  return words.join('; ')
}

function connection(value: string): string {
  const said = value.toLowerCase()
  if (said === 'keep-alive') return 'the connection stays open for the next request'
  if (said === 'close') return 'the connection ends after this answer (RFC 9112 §9.6)'
  if (said.includes('upgrade')) return 'Upgrade is meant for this connection'
  return `about this connection alone: ${value}`
}

function keepAlive(value: string): string {
  const seconds = /timeout=(\d+)/i.exec(value)?.[1]
  return seconds === undefined
    ? `how long an idle connection stays open: ${value}`
    : `an idle connection is closed after ${seconds} s`
}
