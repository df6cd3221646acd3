import {
  type LabRequest,
  type LineFaults,
  labLimits,
  Problem,
  type Way,
  type Workload,
} from '@tidings/protocol'

/** The longest request, bytes: the workload is the longest there is. */
export const maxRequestBytes = 4_096
const maxOfflineMs = 60_000
const maxDelayMs = 10_000

/**
 * Reads what the page asks of its run.
 *
 * @throws Problem `envelope-invalid`, with what is wrong
 */
export function readLabRequest(text: string): LabRequest {
  const asked = objectOf(parsed(text), 'A request')
  switch (asked.type) {
    case 'workload':
      return { type: 'workload', workload: workloadOf(objectOf(asked.workload, '"workload"')) }
    case 'faults':
      return { type: 'faults', faults: faultsOf(objectOf(asked.faults, '"faults"')) }
    case 'cut':
      return { type: 'cut' }
    case 'offline':
      return { type: 'offline', forMs: numberOf(asked, 'forMs', 0, maxOfflineMs) }
    case 'close':
      return { type: 'close', connection: numberOf(asked, 'connection', 1, Number.MAX_SAFE_INTEGER) }
    case 'clock':
      return { type: 'clock', askedAtMs: numberOf(asked, 'askedAtMs', 0, Number.MAX_SAFE_INTEGER) }
    default:
      throw invalid('"type" is workload, faults, cut, offline, close or clock.')
  }
}

type Fields = Readonly<Record<string, unknown>>

function workloadOf(fields: Fields): Workload {
  const readers = objectOf(fields.readers, '"readers"')
  const readersOf = (way: Way) => wholeNumberOf(readers, way, 0, labLimits.readersPerWay)
  return {
    messagesPerSecond: numberOf(fields, 'messagesPerSecond', 0, labLimits.messagesPerSecond),
    burst: wholeNumberOf(fields, 'burst', 1, labLimits.burst),
    messageBytes: wholeNumberOf(fields, 'messageBytes', labLimits.leastMessageBytes, labLimits.messageBytes),
    readers: {
      'short-poll': readersOf('short-poll'),
      'long-poll': readersOf('long-poll'),
      sse: readersOf('sse'),
      websocket: readersOf('websocket'),
    },
  }
}

function faultsOf(fields: Fields): LineFaults {
  const { buffers, upgrades } = fields
  if (typeof buffers !== 'boolean') throw invalid('"buffers" is true or false.')
  if (upgrades !== 'pass' && upgrades !== 'refuse' && upgrades !== 'hang')
    throw invalid('"upgrades" is pass, refuse or hang.')
  return { delayMs: numberOf(fields, 'delayMs', 0, maxDelayMs), buffers, upgrades }
}

function wholeNumberOf(fields: Fields, name: string, least: number, most: number): number {
  const value = numberOf(fields, name, least, most)
  if (!Number.isInteger(value)) throw invalid(`"${name}" is a whole number.`)
  return value
}

function numberOf(fields: Fields, name: string, least: number, most: number): number {
  const value = fields[name]
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw invalid(`"${name}" is a number from ${least} to ${most}.`)
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw invalid(`${what} is a JSON object.`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Problem('envelope-invalid', 'A request is JSON.', {}, { cause })
  }
}

function invalid(detail: string): Problem {
  return new Problem('envelope-invalid', detail)
}
