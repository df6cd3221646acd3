export { acceptedRepresentations, type Representation } from './accept-encoding.js'
export { isCodable, leastCodedBytes } from './codable.js'
export { Compressor } from './compressor.js'
export { knownTag, tagOf } from './entity-tag.js'
