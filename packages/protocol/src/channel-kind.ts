/**
 * How a channel's messages are carried. JSON channels keep JSON values, text channels strings, all others
 * bytes, which go as base64 where the wire is text.
 *
 * @see Durable Streams §5.8, §9
 */
export type ChannelKind = 'json' | 'text' | 'binary'

/** `text/Plain; charset=UTF-8` → `text/plain`: what the protocol compares. */
export function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] as string).trim().toLowerCase()
}

export function channelKind(contentType: string): ChannelKind {
  const type = mediaType(contentType)
  if (type === 'application/json') return 'json'
  return type.startsWith('text/') ? 'text' : 'binary'
}

export const defaultContentType = 'application/octet-stream'

/** `type/subtype` with the token characters of RFC 9110 §5.6.2, then anything that is no control character. */
const mediaTypePattern = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(;[^\x00-\x08\x0a-\x1f\x7f]*)?$/

export function isContentType(text: string): boolean {
  return text.length <= 256 && mediaTypePattern.test(text)
}
