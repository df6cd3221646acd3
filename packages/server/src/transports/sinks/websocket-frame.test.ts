import { expect, test } from 'vitest'
import { textFrameOf, textFrameString } from './websocket-frame.js'

test.each([0, 1, 125, 126, 255, 256, 65_535, 65_536, 70_000])(
  'a text frame of %d bytes is the same as bytes and as a string of bytes',
  (bytes) => {
    const payload = Buffer.alloc(bytes, 'süß')
    const written = Buffer.from(textFrameString(payload.toString('latin1')), 'latin1')
    expect(written.equals(textFrameOf([payload]))).toBe(true)
  },
)
