import type { ServerEnvelope } from '@tidings/protocol'
import { RawEventStream } from '../support/raw-client.js'

/** An envelope with all that any kind of them may have. */
export type AnyEnvelope = { readonly type: ServerEnvelope['type'] } & {
  readonly channel?: string
  readonly messages?: readonly unknown[]
  readonly encoding?: 'base64'
  readonly nextOffset?: string
  readonly committedAt?: number
  readonly upToDate?: boolean
  readonly offsets?: readonly string[]
  readonly code?: string
  readonly status?: number
  readonly earliestOffset?: string
}

/** @param starts by name: an offset, or what stands in its place; an empty one for none */
export function streamsUrl(
  server: { readonly url: string },
  starts: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(more)
  for (const [name, offset] of Object.entries(starts)) query.append('stream', `${name}@${offset}`)
  return `${server.url}/v1/streams?${query}`
}

export async function poll(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers })
  const text = await answer.text()
  const isArray = text.startsWith('[')
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    envelopes: (isArray ? JSON.parse(text) : []) as AnyEnvelope[],
    code: text.startsWith('{') ? (JSON.parse(text) as { code: string }).code : undefined,
  }
}

export interface EnvelopeEvent {
  /** In force after this event: its own, or the one before it. */
  readonly id: string | undefined
  readonly envelope: AnyEnvelope
}

/** The events of a stream as an EventSource has them: whole ones, each with the id in force. */
export function eventsIn(
  text: string,
  idBefore?: string,
): { events: EnvelopeEvent[]; id: string | undefined } {
  const events: EnvelopeEvent[] = []
  let id = idBefore
  for (const block of text.split('\n\n').slice(0, -1)) {
    const fields = block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line] as const)
    const values = (name: string) =>
      fields.filter(([field]) => field === name).map(([, line]) => line.slice(name.length + 1))
    id = values('id').at(-1) ?? id
    const data = values('data').join('\n')
    if (data !== '') events.push({ id, envelope: JSON.parse(data) as AnyEnvelope })
  }
  return { events, id }
}

/** Several channels on one event stream. */
export class EnvelopeStream {
  readonly raw: RawEventStream

  private constructor(raw: RawEventStream) {
    this.raw = raw
  }

  static async open(url: string, lastEventId?: string): Promise<EnvelopeStream> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    return new EnvelopeStream((await RawEventStream.open(url, headers)).read())
  }

  get events(): EnvelopeEvent[] {
    return eventsIn(this.raw.text).events
  }

  get envelopes(): AnyEnvelope[] {
    return this.events.map(({ envelope }) => envelope)
  }

  /** The id in force. */
  get id(): string | undefined {
    return eventsIn(this.raw.text).id
  }

  messagesOf(channel: string): unknown[] {
    return this.envelopes
      .filter((envelope) => envelope.channel === channel)
      .flatMap(({ messages = [] }) => messages)
  }

  /** Resolves when `isThere` finds what it looks for among the events. */
  async until(isThere: (events: readonly EnvelopeEvent[]) => boolean): Promise<void> {
    while (!isThere(this.events)) await this.raw.more()
  }

  /** Resolves when each of these channels was heard up to its tail. */
  async isUpToDate(...channels: string[]): Promise<void> {
    await this.until((events) =>
      channels.every((name) =>
        events.some(({ envelope }) => envelope.channel === name && envelope.upToDate === true),
      ),
    )
  }
}
