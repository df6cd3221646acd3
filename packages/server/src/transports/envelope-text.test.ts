import fc from 'fast-check'
import { expect, test } from 'vitest'
import { envelopeString, PublishedEnvelopes } from './envelope-text.js'

/** What bytes say that were written as a string with a code unit for each. */
function said(byteString: string): unknown {
  return JSON.parse(Buffer.from(byteString, 'latin1').toString('utf8'))
}

test('`published` says its id, channel and offset as they are, whatever was published to before', () => {
  const channel = fc.oneof(
    fc.constantFrom('cake', 'kuchen/süß', '🎂', '"\\'),
    fc.string({ unit: 'grapheme' }),
  )
  const id = fc.oneof(
    fc.constant(undefined),
    fc.maxSafeInteger(),
    fc.constantFrom(0, 1.5, 1e-7),
    fc.string({ unit: 'binary' }),
  )
  const publish = fc.record({ id, channel, nextOffset: fc.string({ unit: fc.constantFrom('0', '_') }) })
  fc.assert(
    fc.property(fc.array(fc.tuple(publish, fc.boolean()), { minLength: 1 }), (publishes) => {
      const envelopes = new PublishedEnvelopes()
      for (const [{ id, channel, nextOffset }, isDuplicate] of publishes) {
        const told = envelopes.of(id, channel, { nextOffset, isDuplicate, isClosed: false })
        const meant = {
          type: 'published' as const,
          ...(id !== undefined && { id }),
          channel,
          nextOffset,
          duplicate: isDuplicate,
        }
        expect(said(told)).toEqual(meant)
        expect(told).toBe(envelopeString(meant))
      }
    }),
  )
})
