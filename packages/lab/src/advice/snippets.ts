import { header, path, subprotocol, type Way } from '@tidings/protocol'

/** With what a client is written. */
export const snippetKinds = ['browser', 'client', 'curl'] as const

export type SnippetKind = (typeof snippetKinds)[number]

export const snippetTitle: Readonly<Record<SnippetKind, string>> = {
  browser: 'Plain browser API',
  client: '@tidings/client/ways',
  curl: 'curl',
}

/** Where the code finds its channel: `http://localhost:4437`, `cake`. */
export interface SnippetPlace {
  readonly server: string
  readonly channel: string
}

export interface Snippet {
  readonly hear: string
  readonly speak: string
}

/**
 * Code to copy. All twelve do the same: they hear everything from now on, once and in order, and those for a program
 * also across broken connections. `show(message)` is the reader's own.
 */
export function snippet(way: Way, kind: SnippetKind, place: SnippetPlace): Snippet {
  return writers[kind](way, place)
}

/** Lines of a plain client that hears, without blank ones and comments. */
export function countPlainLines(way: Way): number {
  return countLines(snippet(way, 'browser', { server: 'http://localhost', channel: 'cake' }).hear)
}

export function countLines(code: string): number {
  return code.split('\n').filter((line) => line.trim() !== '' && !/^\s*(\/\/|#)/.test(line)).length
}

const writers: Readonly<Record<SnippetKind, (way: Way, place: SnippetPlace) => Snippet>> = {
  browser: (way, place) => ({
    hear: plainHearing[way](channelUrl(place)),
    speak: way === 'websocket' ? speakOnSocket(place) : speakByPost(place),
  }),
  client: clientSnippet,
  curl: (way, place) => ({ hear: curlHearing[way](channelUrl(place)), speak: curlSpeaking(place) }),
}

function channelUrl({ server, channel }: SnippetPlace): string {
  return `${server}${path.stream}${channel}`
}

const plainHearing: Readonly<Record<Way, (url: string) => string>> = {
  'short-poll': (url) => `const url = '${url}'
let offset = 'now'
while (true) {
  try {
    const answer = await fetch(url + '?offset=' + offset)
    if (!answer.ok) throw new Error('HTTP ' + answer.status)
    for (const message of await answer.json()) show(message)
    offset = answer.headers.get('${header.nextOffset}')
  } catch (error) {
    console.warn('asking again from', offset, error)
  }
  await new Promise((resume) => setTimeout(resume, 1000))
}`,
  'long-poll': (url) => `const url = '${url}'
let offset = 'now'
while (true) {
  try {
    const answer = await fetch(url + '?live=long-poll&offset=' + offset)
    if (!answer.ok) throw new Error('HTTP ' + answer.status)
    if (answer.status === 200) {
      for (const message of await answer.json()) show(message)
    }
    offset = answer.headers.get('${header.nextOffset}')
  } catch (error) {
    console.warn('asking again from', offset, error)
    await new Promise((resume) => setTimeout(resume, 1000))
  }
}`,
  sse: (url) => `const url = '${url}'
const events = new EventSource(url + '?live=sse&events=message&offset=now')
events.onmessage = ({ data }) => show(JSON.parse(data))`,
  websocket: (url) => `const url = '${url.replace(/^http/, 'ws')}'
let offset = 'now'
let socket
connect()

function connect() {
  socket = new WebSocket(url + '?live=websocket&offset=' + offset, '${subprotocol}')
  socket.onmessage = ({ data }) => {
    const envelope = JSON.parse(data)
    if (envelope.type !== 'data') return
    for (const message of envelope.messages) show(message)
    offset = envelope.nextOffset
  }
  socket.onclose = () => setTimeout(connect, 1000)
}`,
}

function speakByPost(place: SnippetPlace): string {
  return `await fetch('${channelUrl(place)}', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify([{ hello: 'there' }]),
})`
}

function speakOnSocket({ channel }: SnippetPlace): string {
  return `socket.send(JSON.stringify({ type: 'publish', channel: '${channel}', messages: [{ hello: 'there' }] }))`
}

function clientSnippet(way: Way, { server, channel }: SnippetPlace): Snippet {
  const publisher = way === 'websocket' ? 'socketPublisher' : 'postPublisher'
  return {
    hear: `import { read } from '@tidings/client/ways'

const address = { server: '${server}', channel: '${channel}' }
for await (const batch of read(address, { way: '${way}', offset: 'now' })) {
  for (const message of batch.messages) show(message)
}`,
    speak: `import { ${publisher} } from '@tidings/client/ways'

const publisher = ${publisher}({ server: '${server}', channel: '${channel}' })
await publisher.publish([{ hello: 'there' }])`,
  }
}

const curlHearing: Readonly<Record<Way, (url: string) => string>> = {
  'short-poll': (url) => `# What is new, and in ${header.nextOffset} where to ask next.
curl -si '${url}?offset=-1'`,
  'long-poll': (url) => `# Held until something is said.
curl -si '${url}?live=long-poll&offset=now'`,
  sse: (url) => `curl -N '${url}?live=sse&events=message&offset=now'`,
  websocket: (url) => `# curl 8.11 or newer
curl -N '${url.replace(/^http/, 'ws')}?live=websocket&offset=now'`,
}

function curlSpeaking(place: SnippetPlace): string {
  return `curl '${channelUrl(place)}' -H 'content-type: application/json' -d '[{"hello":"there"}]'`
}
