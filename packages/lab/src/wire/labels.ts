/** Of an arrow whose bytes can not be told apart. */
export const unreadableLabel = 'unreadable'

/** Of what ends a stream that came in chunks. */
export const lastChunkLabel = 'end of the stream'
