import { closeCode, type LabNotice, type LabRequest, labLimits, labPath } from '@tidings/protocol'
import { type Browser, type BrowserSocket, socketOpen, socketUrlOf } from '../lanes/index.js'
import { NoticeInvalid, parseNotice } from './notice.js'

/** From the first packet to the server's first notice, milliseconds. */
const openTimeoutMs = 15_000

export interface FeedListener {
  /** The connection stands: what is sent from now on arrives. */
  opened(): void
  heard(notice: LabNotice): void
  /** The server said something that is no notice: nothing follows from it. */
  misheard(reason: string): void
  /** The feed is over, and does not come back. Told once; not when the page closed it. */
  closed(reason: string): void
}

/** The run's WebSocket: requests out, notices in. It lives once: a run that is over can not be gone on with. */
export class Feed {
  readonly #listener: FeedListener
  readonly #socket: BrowserSocket
  #isOver = false
  #patience: ReturnType<typeof setTimeout> | undefined

  constructor(browser: Browser, listener: FeedListener) {
    this.#listener = listener
    this.#socket = new browser.WebSocket(socketUrlOf(new URL(labPath.run, browser.origin)))
    this.#patience = setTimeout(
      () => this.end(`The server has not begun a run within ${openTimeoutMs / 1000} seconds.`),
      openTimeoutMs,
    )
    this.#socket.onopen = () => this.#listener.opened()
    this.#socket.onmessage = ({ data }: { readonly data: unknown }) => this.#take(data)
    // A close follows; what went wrong is not told to pages.
    this.#socket.onerror = () => {}
    this.#socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: unknown }) =>
      this.#closed(code, String(reason))
  }

  /** What is asked while the connection does not stand is dropped: nothing goes on then that it could be about. */
  send(request: LabRequest): void {
    if (!this.#isOver && this.#socket.readyState === socketOpen) this.#socket.send(JSON.stringify(request))
  }

  /** The page's end closes. */
  close(): void {
    this.#isOver = true
    clearTimeout(this.#patience)
    this.#socket.close(closeCode.normal)
  }

  /** As `close`, and tells why. */
  end(reason: string): void {
    if (this.#isOver) return
    this.close()
    this.#listener.closed(reason)
  }

  #take(data: unknown): void {
    if (this.#isOver) return
    clearTimeout(this.#patience)
    let notice: LabNotice
    try {
      notice = parseNotice(data)
    } catch (error) {
      if (!(error instanceof NoticeInvalid)) throw error
      this.#listener.misheard(error.message)
      return
    }
    this.#listener.heard(notice)
  }

  #closed(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#patience)
    this.#listener.closed(sentenceOf(code, reason))
  }
}

function sentenceOf(code: number, reason: string): string {
  if (code === closeCode.goingAway) return 'The server has ended the run: it is stopping.'
  // With which status an upgrade was refused is not told to pages.
  if (code === closeCode.abnormal) {
    return `The connection broke off, or the server takes no run: it keeps ${labLimits.runs} at once, and may have the Lab turned off.`
  }
  return `The server has closed the run (${code}${reason === '' ? '' : ` ${reason}`}).`
}
