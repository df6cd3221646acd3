/** What of a browser the Lab's readers use, so that a test can bring its own. */
export interface Browser {
  readonly fetch: typeof globalThis.fetch
  readonly EventSource: new (url: string) => EventSourceLike
  readonly WebSocket: new (url: string, protocols?: string) => BrowserSocket
  /** Where the page is: `https://host:port`. */
  readonly origin: string
  /** The page's clock: milliseconds since 1970 with fractions; never goes back. */
  now(): number
  /** From 0 (included) to 1 (excluded). */
  random(): number
}

/** The part of an EventSource that a lane uses. @see HTML standard, Server-sent events §9.2.2 */
export interface EventSourceLike {
  readonly readyState: number
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onerror: ((event: Event) => void) | null
  close(): void
}

/**
 * The part of a WebSocket that is used: of a browser's own, or of that of the package `ws`, whose event classes differ:
 * hence handlers that take `never`.
 *
 * @see WebSockets standard §3
 */
export interface BrowserSocket {
  readonly protocol: string
  readonly bufferedAmount: number
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

/** `readyState` of an EventSource that does not come back by itself. */
export const eventSourceClosed = 2
/** `readyState` of a WebSocket that takes messages. */
export const socketOpen = 1

/** The one that this page is in. */
export function pageBrowser(): Browser {
  return {
    // Arrow functions, since a browser's fetch refuses to be called as a method of something else.
    fetch: (input, init) => fetch(input, init),
    EventSource,
    WebSocket,
    origin: location.origin,
    now: () => performance.timeOrigin + performance.now(),
    random: () => Math.random(),
  }
}

/** The URL of a WebSocket where `url` is one of HTTP. */
export function socketUrlOf(url: URL): string {
  const socketUrl = new URL(url)
  socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return socketUrl.href
}
