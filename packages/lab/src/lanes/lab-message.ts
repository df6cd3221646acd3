import { isWay, type SpokenMessage, type WorkloadMessage } from '@tidings/protocol'

export type LabMessage = WorkloadMessage | SpokenMessage

const utf8 = new TextEncoder()

/** The bytes that a message would be published as. */
export function payloadBytesOf(message: LabMessage): number {
  return utf8.encode(JSON.stringify(message)).byteLength
}

/** @returns the one message of an event or a frame; undefined for what nobody of the Lab has published */
export function parseMessage(text: string): LabMessage | undefined {
  const value = parseJson(text)
  return isLabMessage(value) ? value : undefined
}

/** @returns the messages of a poll's body; undefined when it is no JSON array: then no whole answer is there */
export function parseMessages(body: string): LabMessage[] | undefined {
  if (body === '') return []
  const values = parseJson(body)
  return Array.isArray(values) ? values.filter(isLabMessage) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whoever reaches the server may publish to the run's channel: what is of another shape is passed over. */
export function isLabMessage(value: unknown): value is LabMessage {
  if (typeof value !== 'object' || value === null) return false
  const { n, from, id, atMs, text } = value as Record<string, unknown>
  if (typeof atMs !== 'number' || typeof text !== 'string') return false
  if (Number.isSafeInteger(n)) return true
  return typeof id === 'string' && typeof from === 'string' && isWay(from)
}
