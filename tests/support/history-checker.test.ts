import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Fault,
  findFaults,
  type PassRecord,
  type PublisherRecord,
  type Sighting,
} from './history-checker.js'

const offsetOf = (position: number) => `0000000000000001_${String(position).padStart(16, '0')}`

/** The messages at the places that they have in the log, from 0. */
function log(...messages: string[]): Sighting[] {
  return messages.map((message, index) => ({ message, offset: offsetOf(index + 1) }))
}

function pass(reader: string, sightings: readonly Sighting[], more: Partial<PassRecord> = {}): PassRecord {
  return { reader, startsAtBeginning: true, hasReachedEnd: true, sightings, ...more }
}

function acknowledged(publisher: string, ...messages: string[]): PublisherRecord {
  return { publisher, attempts: messages.map((message) => ({ message, fate: 'acknowledged' })) }
}

const kinds = (faults: readonly Fault[]) => [...new Set(faults.map(({ kind }) => kind))]

test('a history in which all went well has no faults', () => {
  const publishers = [acknowledged('P', 'a', 'c'), acknowledged('Q', 'b')]
  const later = pass('later', log('a', 'b', 'c').slice(1), { startsAtBeginning: false })
  const impatient = pass('impatient', log('a', 'b'), { hasReachedEnd: false })
  expect(findFaults(publishers, [pass('R', log('a', 'b', 'c')), later, impatient])).toEqual([])
})

test('where no reader read from the beginning to the end, nothing is decided', () => {
  const impatient = pass('R', log('a'), { hasReachedEnd: false })
  expect(() => findFaults([acknowledged('P', 'a')], [impatient])).toThrow('can not be decided')
})

describe('loss', () => {
  test('a message that was acknowledged is seen by nobody', () => {
    expect(findFaults([acknowledged('P', 'a', 'b')], [pass('R', log('a'))])).toMatchObject([
      { kind: 'loss', message: 'b', reader: 'R' },
    ])
  })

  test('one reader skips what another one saw', () => {
    const skipping = pass('S', [log('a', 'b', 'c')[0] as Sighting, log('a', 'b', 'c')[2] as Sighting])
    const faults = findFaults([acknowledged('P', 'a', 'b', 'c')], [pass('R', log('a', 'b', 'c')), skipping])
    expect(faults).toMatchObject([{ kind: 'loss', message: 'b', reader: 'S' }])
  })

  test('one reader misses the end, another one the beginning', () => {
    const all = log('a', 'b', 'c')
    const passes = [pass('R', all), pass('no end', all.slice(0, 2)), pass('no beginning', all.slice(1))]
    expect(findFaults([acknowledged('P', 'a', 'b', 'c')], passes)).toMatchObject([
      { kind: 'loss', message: 'c', reader: 'no end' },
      { kind: 'loss', message: 'a', reader: 'no beginning' },
    ])
  })

  test('a message was heard before it was kept, and then was not kept', () => {
    const publisher: PublisherRecord = {
      publisher: 'P',
      attempts: [
        { message: 'a', fate: 'acknowledged' },
        { message: 'early', fate: 'unknown' },
        { message: 'b', fate: 'acknowledged' },
      ],
    }
    const early = pass('early bird', [{ message: 'a' }, { message: 'early' }], { hasReachedEnd: false })
    expect(findFaults([publisher], [pass('R', log('a', 'b')), early])).toMatchObject([
      { kind: 'loss', message: 'early', reader: 'R' },
    ])
  })
})

test('repeat: a reader sees a message twice in one pass', () => {
  const twice = pass('S', [...log('a', 'b'), { message: 'a' }])
  expect(findFaults([acknowledged('P', 'a', 'b')], [pass('R', log('a', 'b')), twice])).toMatchObject([
    { kind: 'repeat', message: 'a', reader: 'S' },
  ])
})

describe('reorder', () => {
  test('two readers disagree about the order', () => {
    const other = pass('S', [{ message: 'b' }, { message: 'a' }])
    const publishers = [acknowledged('P', 'a'), acknowledged('Q', 'b')]
    expect(findFaults(publishers, [pass('R', log('a', 'b')), other])).toMatchObject([
      { kind: 'reorder', message: 'a', reader: 'S' },
    ])
  })

  test("all readers agree on an order that is not the publisher's", () => {
    expect(findFaults([acknowledged('P', 'a', 'b')], [pass('R', log('b', 'a'))])).toMatchObject([
      { kind: 'reorder', message: 'b', reader: 'R' },
    ])
  })

  test('two readers disagree about the place of a message', () => {
    const other = pass('S', [{ message: 'a', offset: offsetOf(7) }])
    expect(findFaults([acknowledged('P', 'a')], [pass('R', log('a')), other])).toMatchObject([
      { kind: 'reorder', message: 'a', reader: 'S' },
    ])
  })

  test('a message lies behind the offset that its publisher was told', () => {
    const publisher: PublisherRecord = {
      publisher: 'P',
      attempts: [{ message: 'b', fate: 'acknowledged', offset: offsetOf(1) }],
    }
    const publishers = [acknowledged('Q', 'a'), publisher]
    expect(findFaults(publishers, [pass('R', log('a', 'b'))])).toMatchObject([
      { kind: 'reorder', message: 'b', reader: 'R' },
    ])
  })
})

describe('phantom', () => {
  test('a reader sees what nobody tried to publish', () => {
    expect(findFaults([acknowledged('P', 'a')], [pass('R', log('a', 'ghost'))])).toMatchObject([
      { kind: 'phantom', message: 'ghost', reader: 'R' },
    ])
  })

  test('a reader sees what was refused', () => {
    const publisher: PublisherRecord = { publisher: 'P', attempts: [{ message: 'a', fate: 'refused' }] }
    expect(findFaults([publisher], [pass('R', log('a'))])).toMatchObject([{ kind: 'phantom', message: 'a' }])
  })
})

describe('for any history', () => {
  const history = fc
    .record({
      // Each number is a message of that publisher, in the order of the log.
      owners: fc.array(fc.nat(4), { minLength: 2, maxLength: 40 }),
      unknown: fc.infiniteStream(fc.boolean()),
      starts: fc.array(fc.nat(40), { maxLength: 4 }),
      ends: fc.infiniteStream(fc.option(fc.nat(40))),
    })
    .map(({ owners, unknown, starts, ends }) => {
      const sightings = log(...owners.map((owner, index) => `${owner}:${index}`))
      const publishers = [0, 1, 2, 3, 4].map((owner): PublisherRecord => {
        const own = sightings.filter(({ message }) => message.startsWith(`${owner}:`))
        const attempts = own.map(({ message, offset }) =>
          unknown.next().value
            ? { message, fate: 'unknown' as const }
            : { message, fate: 'acknowledged' as const, ...(offset !== undefined && { offset }) },
        )
        return { publisher: `P${owner}`, attempts }
      })
      const passes = starts.map((start, index) => {
        const end = ends.next().value ?? null
        const seen = sightings.slice(start, end === null ? undefined : Math.max(start, end))
        return pass(`S${index}`, seen, { startsAtBeginning: start === 0, hasReachedEnd: end === null })
      })
      return { sightings, publishers, passes: [pass('R', sightings), ...passes] }
    })

  test('no fault is found where there is none', () => {
    fc.assert(
      fc.property(history, ({ publishers, passes }) => {
        expect(findFaults(publishers, passes)).toEqual([])
      }),
    )
  })

  test('each kind of fault is found wherever it is made', () => {
    fc.assert(
      fc.property(history, fc.nat(), ({ sightings, publishers, passes }, seed) => {
        const place = seed % sightings.length
        const [here, rest] = [sightings[place] as Sighting, sightings.filter((_, index) => index !== place)]
        const made: Record<Fault['kind'], readonly Sighting[]> = {
          loss: rest,
          repeat: [...sightings, here],
          // Moved to the other end.
          reorder: place < sightings.length / 2 ? [...rest, here] : [here, ...rest],
          phantom: [...sightings.slice(0, place), { message: 'ghost' }, ...sightings.slice(place)],
        }
        for (const [kind, seen] of Object.entries(made)) {
          expect(kinds(findFaults(publishers, [...passes, pass('faulty', seen)]))).toContain(kind)
        }
      }),
    )
  })
})
