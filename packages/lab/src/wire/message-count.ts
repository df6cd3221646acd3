import { type Offset, parseOffset } from '@tidings/protocol'

/**
 * How many messages a body, or an event's data, carries: the elements of a JSON array, and one for anything else.
 * Of a text that breaks off, those that have begun.
 *
 * @see Durable Streams §9.1.5
 */
export function countMessages(text: string): number {
  const array = text.trimStart()
  if (array === '') return 0
  return array.startsWith('[') ? countElements(array) : 1
}

function countElements(array: string): number {
  let depth = 0
  let elements = 0
  let isBetween = true
  for (let at = 0; at < array.length; at += 1) {
    const code = array.charCodeAt(at)
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) continue
    if (code === 0x5d || code === 0x7d) {
      depth -= 1
      if (depth === 0) return elements
      continue
    }
    if (depth === 1 && code === 0x2c) {
      isBetween = true
      continue
    }
    if (depth === 1 && isBetween) {
      isBetween = false
      elements += 1
    }
    if (code === 0x5b || code === 0x7b) depth += 1
    else if (code === 0x22) at = endOfString(array, at)
  }
  return elements
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at += 1
    else if (code === 0x22) return at
  }
  return text.length
}

/** The offset that a text says, when it says a place that can be reckoned with. */
export function placeOf(text: string | null | undefined): Offset | undefined {
  if (text === null || text === undefined) return undefined
  const offset = parseOffset(text)
  return offset?.at === 'offset' ? offset : undefined
}

/**
 * In a JSON channel positions count messages: so many lie between two offsets. For what can not be read: a body
 * that is coded, or is told in part.
 *
 * @returns undefined when the offsets are not of one history
 */
export function messagesBetween(before: Offset | undefined, after: Offset | undefined): number | undefined {
  if (before === undefined || after === undefined || before.history !== after.history) return undefined
  const count = after.position - before.position
  return count >= 0 ? count : undefined
}
