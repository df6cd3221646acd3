import { Problem } from '@tidings/protocol'

/** How long a request's head may be, bytes: as long as Node's own server takes. */
export const maxHeadBytes = 16 * 1024

/** A request's line and headers. Nobody changes one: connections that send the same bytes share it. */
export interface RequestHead {
  readonly method: string
  /** The target, as it was sent. */
  readonly url: string
  readonly httpVersion: '1.0' | '1.1'
  /** By their names in lower case; one that was sent several times is joined, or stands as it came first. */
  readonly headers: Readonly<Record<string, string>>
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[]
  /** How long the body is, 0 when there is none; or that it tells its length by itself. */
  readonly bodyBytes: number | 'chunked'
  /** The client wants no other request on this connection. */
  readonly isLast: boolean
  /** The client sends its body when it is told to go on. @see RFC 9110 §10.1.1 */
  readonly expectsContinue: boolean
  /** The client would go on in another protocol. @see RFC 9110 §7.8 */
  readonly offersUpgrade: boolean
}

/** Lengths past this are none to anybody. */
const longestBody = 2n ** 64n - 1n

export const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const requestLine = new RegExp(`^(${token}) ([\\x21-\\x7e]+) HTTP/1\\.([01])$`)
const headerName = new RegExp(`^${token}$`)
/** @see RFC 9110 §5.5: no control characters but the tab */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/
/** Also a line that begins with a blank: it goes on with the one before for some, and not for others. @see RFC 9112 §5.2 */
const notInHead = /[^\t\r\n\x20-\x7e\x80-\xff]|\r[^\n]|(?:^|[^\r])\n|\n[\t ]/
const notInMethod = new RegExp(`^(?!${token}(?: |$))`)

/** Of these the first one counts, as in Node; others that come several times are one list. @see RFC 9110 §5.3 */
const singleHeaders = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/**
 * Reads a whole head. Strict: what others may read otherwise is how requests are smuggled.
 *
 * @param text as Latin-1, up to the empty line and without it
 * @throws Problem `request-malformed`
 * @see RFC 9112 §2.2, §3, §5, §6.3
 */
export function parseHead(text: string): RequestHead {
  const [first = '', ...lines] = text.split('\r\n')
  const [, method, url, minor] = requestLine.exec(first) ?? []
  if (method === undefined || url === undefined) throw malformed('The first line is no request of HTTP/1.1.')
  const httpVersion = minor === '0' ? '1.0' : '1.1'
  const rawHeaders: string[] = []
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const [name, value] = headerOf(line)
    rawHeaders.push(name, value)
    addHeader(headers, name.toLowerCase(), value)
  }
  const options = optionsOf(headers.connection)
  return {
    method,
    url,
    httpVersion,
    headers,
    rawHeaders,
    bodyBytes: bodyBytesOf(headers, rawHeaders, httpVersion),
    isLast:
      method === 'CONNECT' || options.has('close') || (httpVersion === '1.0' && !options.has('keep-alive')),
    expectsContinue: httpVersion === '1.1' && headers.expect?.toLowerCase() === '100-continue',
    offersUpgrade: headers.upgrade !== undefined && options.has('upgrade'),
  }
}

/**
 * Looks at a head whose end has not come: what can not become one is refused now, not when the wait is over.
 *
 * @throws Problem `request-malformed`, `header-too-large`
 */
export function checkBeginning(text: string): void {
  if (text.length > maxHeadBytes) throw headerTooLarge()
  const end = text.indexOf('\r\n')
  if (notInHead.test(text) || notInMethod.test(text)) throw malformed('This is not HTTP/1.1.')
  if (end !== -1 && !requestLine.test(text.slice(0, end)))
    throw malformed('The first line is no request of HTTP/1.1.')
}

export function headerTooLarge(): Problem {
  return new Problem('header-too-large', 'Send fewer or shorter headers.')
}

export function malformed(detail: string): Problem {
  return new Problem('request-malformed', detail)
}

/** @throws Problem `request-malformed` */
export function headerOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  if (!headerName.test(name)) throw malformed('A header is a name, a colon and a value, on one line.')
  const value = trimmed(line, colon + 1)
  if (notInValue.test(value)) throw malformed(`The header ${name} holds control characters.`)
  return [name, value]
}

/** Not by `trim`, which takes more for a blank than HTTP does: others would read another word. @see RFC 9110 §5.6.3 */
function trimmed(text: string, from = 0): string {
  let start = from
  let end = text.length
  while (isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function addHeader(headers: Record<string, string>, name: string, value: string): void {
  const earlier = headers[name]
  if (earlier === undefined) headers[name] = value
  else if (!singleHeaders.has(name)) headers[name] = `${earlier}${name === 'cookie' ? ';' : ','} ${value}`
}

function optionsOf(connection: string | undefined): ReadonlySet<string> {
  return new Set(listOf(connection ?? ''))
}

function listOf(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((word) => trimmed(word))
}

/** @see RFC 9112 §6.1, §6.3: two lengths, or a length that is not one, end the conversation */
function bodyBytesOf(
  headers: Readonly<Record<string, string>>,
  rawHeaders: readonly string[],
  httpVersion: '1.0' | '1.1',
): number | 'chunked' {
  const length = headers['content-length']
  const codings = headers['transfer-encoding']
  if (codings !== undefined) {
    if (length !== undefined) throw malformed('Content-Length and Transfer-Encoding do not go together.')
    const [last, ...others] = listOf(codings).reverse()
    if (httpVersion === '1.0' || last !== 'chunked' || others.includes('chunked'))
      throw malformed('Transfer-Encoding is chunked, once and last.')
    return 'chunked'
  }
  if (length === undefined) return 0
  const lengths = rawHeaders.filter((name, index) => index % 2 === 0 && /^content-length$/i.test(name))
  const isLength = /^\d{1,20}$/.test(length) && BigInt(length) <= longestBody
  if (lengths.length > 1 || !isLength) throw malformed('Content-Length is one whole number.')
  return Number(length)
}
