import { mediaType } from '@tidings/protocol'

/** A body below this goes out in one packet with its head, coded or not: there is nothing to save, bytes. */
export const leastCodedBytes = 1024

/** Media that comes compressed, unless its name says that it is text. */
const packedFamily = /^(?:audio|font|image|video)\//
const textInFamily = /\+(?:json|xml)$/
/** Archives and compressors, by what their names have in common. */
const packed =
  /[/+.-](?:zip|gzip|zlib|zstd|brotli|bzip2?|xz|lzma|rar|7z-compressed|java-archive|pdf|compressed)$/

/** Whether bodies of this content type are worth coding. */
export function isCodable(contentType: string): boolean {
  const type = mediaType(contentType)
  return !(packed.test(type) || (packedFamily.test(type) && !textInFamily.test(type)))
}
