import { type FieldMeanings, field } from './field-meaning.js'

const fetchMetadata = 'W3C Fetch Metadata'

const sites: Readonly<Record<string, string>> = {
  'same-origin': 'a page of this very origin asks',
  'same-site': 'a page of the same site asks',
  'cross-site': 'a page of another site asks',
  none: 'the user asks, no page',
}

/** What browsers and those who look after them say, and the WebSocket's opening handshake. */
export const browserFieldMeanings: FieldMeanings = {
  origin: field('RFC 6454 §7', (value) => `the page that asks is of ${value}; a page can not say otherwise`),
  'last-event-id': field(
    'HTML, Server-sent events §9.2.4',
    (value) => `the last id that the EventSource heard: ${value}; the stream goes on from there`,
  ),
  'sec-fetch-site': field(`${fetchMetadata} §2.3`, (value) => sites[value] ?? `who asks: ${value}`),
  'sec-fetch-mode': field(`${fetchMetadata} §2.2`, (value) => `how the browser asks: ${value}`),
  'sec-fetch-dest': field(`${fetchMetadata} §2.1`, (value) =>
    value === 'empty' ? 'a script wants the answer' : `what the answer is for: ${value}`,
  ),
  'sec-fetch-user': field(`${fetchMetadata} §2.4`, 'the user did something that led to this'),
  'sec-ch-ua': field('User-Agent Client Hints', (value) => `the browser's brands: ${value}`),
  'sec-ch-ua-mobile': field('User-Agent Client Hints', (value) =>
    value === '?1' ? 'a mobile browser' : 'not a mobile browser',
  ),
  'sec-ch-ua-platform': field('User-Agent Client Hints', (value) => `the operating system: ${value}`),
  'access-control-allow-origin': field('Fetch, CORS protocol', (value) => `pages of ${value} may read it`),
  'access-control-expose-headers': field(
    'Fetch, CORS protocol',
    (value) => `headers that pages of other origins may read: ${value}`,
  ),
  'cross-origin-resource-policy': field(
    'Durable Streams §12.7',
    (value) => `pages that may embed it: ${value}`,
  ),
  'x-content-type-options': field(
    'Durable Streams §12.7',
    'the browser takes the content type as it is said',
  ),
  'x-accel-buffering': field('nginx, proxy_buffering', (value) =>
    value === 'no' ? 'nginx passes it on at once instead of gathering it' : `nginx's buffering: ${value}`,
  ),
  'sec-websocket-key': field(
    'RFC 6455 §11.3.1',
    'random; the answer proves by it that it read the handshake',
  ),
  'sec-websocket-accept': field('RFC 6455 §11.3.3', 'the hash of the key: the server speaks WebSocket'),
  'sec-websocket-version': field('RFC 6455 §11.3.5', (value) => `version ${value} of the protocol`),
  'sec-websocket-protocol': field('RFC 6455 §11.3.4', (value) => `subprotocol: ${value}`),
  'sec-websocket-extensions': field('RFC 6455 §11.3.2', (value) => `extensions: ${value}`),
}
