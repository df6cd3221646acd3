import {
  committedAtHeader,
  durabilityHeader,
  earliestOffsetHeader,
  header,
  retentionHeader,
  startOffsetHeader,
} from '@tidings/protocol'
import { type FieldMeanings, field } from './field-meaning.js'

const own = 'Tidings, docs/protocol.md'

/** The headers of Durable Streams, and Tidings' own beside them. */
export const streamFieldMeanings: FieldMeanings = {
  [header.nextOffset]: field('Durable Streams §5.6', (value) => `where to go on reading: ${value}`),
  [header.upToDate]: field(
    'Durable Streams §5.6',
    'the answer reaches the tail: there is nothing more for now',
  ),
  [header.closed]: field('Durable Streams §5.6', 'the channel is closed: nothing will follow'),
  [header.cursor]: field(
    'Durable Streams §10.1',
    (value) => `for caches: ${value}, to be sent back as cursor= with the next long poll. It is no position`,
  ),
  [header.sseDataEncoding]: field('Durable Streams §5.8', (value) => `the events' data are ${value}`),
  [header.sequence]: field(
    'Durable Streams §5.2',
    (value) => `the writer's sequence, which must grow: ${value}`,
  ),
  [header.ttl]: field('Durable Streams §5.1', (value) => `the channel goes ${value} s after its last use`),
  [header.expiresAt]: field('Durable Streams §5.1', (value) => `the channel goes at ${value}`),
  [header.forkedFrom]: field('Durable Streams §4.2', (value) => `the channel that it is a fork of: ${value}`),
  [header.forkOffset]: field('Durable Streams §4.2', (value) => `the fork begins at ${value}`),
  [header.forkSubOffset]: field('Durable Streams §4.2', (value) => `and ${value} further on`),
  [header.producerId]: field(
    'Durable Streams §5.2.1',
    (value) => `the producer: ${value}; a retry is kept once`,
  ),
  [header.producerEpoch]: field('Durable Streams §5.2.1', (value) => `the producer's epoch: ${value}`),
  [header.producerSequence]: field(
    'Durable Streams §5.2.1',
    (value) => `the producer's append of number ${value}`,
  ),
  [header.producerExpectedSequence]: field(
    'Durable Streams §5.2.1',
    (value) => `the append of number ${value} comes next`,
  ),
  [header.producerReceivedSequence]: field('Durable Streams §5.2.1', (value) => `and number ${value} came`),
  [earliestOffsetHeader]: field(own, (value) => `the earliest message that is left starts at ${value}`),
  [startOffsetHeader]: field(own, (value) => `the page starts at ${value}`),
  [committedAtHeader]: field(own, (value) => `the last batch of the answer was kept at ${dateOf(value)}`),
  [durabilityHeader]: field(own, (value) => `an append counts as kept once it is with: ${value}`),
  [retentionHeader.ageSeconds]: field(own, (value) => `messages stay for ${value} s`),
  [retentionHeader.count]: field(own, (value) => `so many messages stay: ${value}`),
  [retentionHeader.bytes]: field(own, (value) => `so many bytes of messages stay: ${value}`),
}

function dateOf(milliseconds: string): string {
  const date = new Date(Number(milliseconds))
  return Number.isNaN(date.getTime()) ? milliseconds : date.toISOString()
}
