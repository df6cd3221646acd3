import type { ChannelKind } from '@tidings/protocol'
import * as fc from 'fast-check'
import type { Retention } from './engine.js'

const small = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined })
const retentions = fc.oneof(
  fc.constant<Retention>({}),
  fc.record({ ageSeconds: small, count: small, bytes: small }).map(
    ({ ageSeconds, count, bytes }): Retention => ({
      ...(ageSeconds !== undefined && { ageSeconds }),
      ...(count !== undefined && { count }),
      ...(bytes !== undefined && { bytes }),
    }),
  ),
)
const ttl = fc.option(fc.constantFrom(5, 15), { nil: undefined, freq: 3 })
const pick = fc.nat(1_000)
const texts = fc.array(fc.constantFrom('1', '22', '"abc"', '[3,3]'), { minLength: 1, maxLength: 4 })

/** Numbers pick among what there is when it is the command's turn, so that a shorter run is still one. */
export const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('create' as const),
      kind: fc.constantFrom<ChannelKind>('json', 'text', 'binary'),
      retention: retentions,
      ttl,
    }),
  },
  { weight: 14, arbitrary: fc.record({ op: fc.constant('append' as const), pick, texts }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('fork' as const),
      pick,
      point: pick,
      subOffset: fc.constantFrom(0, 0, 1, 2),
      retention: retentions,
      ttl,
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('delete' as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('advance-clock' as const),
      seconds: fc.integer({ min: 1, max: 7 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('restart' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('read' as const), pick, from: pick, maxBytes: fc.nat(12) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('readBack' as const),
      pick,
      maxMessages: fc.integer({ min: 1, max: 5 }),
    }),
  },
)
export type Command = typeof command extends fc.Arbitrary<infer T> ? T : never
