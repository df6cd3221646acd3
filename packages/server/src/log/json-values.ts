const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const open = new Set([0x5b, 0x7b])
const close = new Set([0x5d, 0x7d])

/** The JSON standard's white space. @see RFC 8259 §2 */
function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The text without the white space around it, which belongs to no value. */
export function trimJson(text: Uint8Array): Uint8Array {
  let from = 0
  let to = text.byteLength
  while (from < to && isWhiteSpace(text[from] as number)) from++
  while (to > from && isWhiteSpace(text[to - 1] as number)) to--
  return text.subarray(from, to)
}

/**
 * The elements of a JSON array (or the members of an object, each with its name) as views of the bytes that were sent, so that nothing is written anew:
 * `9007199254740993` and `1.0` stay what they are. Linear in time, whatever the nesting.
 *
 * @param text a valid JSON array or object without white space around it: the caller has parsed it
 */
export function splitJsonArray(text: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = []
  const end = text.byteLength - 1
  let depth = 0
  let from = 1
  for (let at = 1; at < end; at++) {
    const byte = text[at] as number
    if (byte === quote) at = endOfString(text, at)
    else if (open.has(byte)) depth++
    else if (close.has(byte)) depth--
    else if (byte === comma && depth === 0) {
      values.push(trimJson(text.subarray(from, at)))
      from = at + 1
    }
  }
  const last = trimJson(text.subarray(from, end))
  if (last.byteLength > 0) values.push(last)
  return values
}

function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1
  while (text[at] !== quote) at += text[at] === backslash ? 2 : 1
  return at
}

/**
 * The text of one member of a JSON object, as it was sent; of the last one when the name stands twice, as
 * `JSON.parse` takes it.
 *
 * @param text a valid JSON object: the caller has parsed it
 */
export function memberText(text: Uint8Array, name: string): Uint8Array | undefined {
  let found: Uint8Array | undefined
  const object = trimJson(text)
  for (const member of splitJsonArray(object)) {
    const nameEnd = endOfString(member, 0) + 1
    const written = Buffer.from(member.buffer, member.byteOffset, nameEnd).toString('utf8')
    if (JSON.parse(written) !== name) continue
    const afterName = trimJson(member.subarray(nameEnd))
    found = trimJson(afterName.subarray(1))
  }
  return found
}
