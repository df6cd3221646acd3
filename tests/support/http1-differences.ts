import { METHODS } from 'node:http'
import { isDeepStrictEqual } from 'node:util'

/** What a server took for a request. */
export interface Taken {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly staysOpen: boolean
  /** Base64; undefined when its end did not come. */
  body?: string
}

/** What a server made of a conversation. */
export interface Heard {
  readonly taken: Taken[]
  /** The status of a refusal, 0 when it was cut without one. */
  refusal?: number
}

/** Where one of the two has ceased to go with the other. */
interface Parting {
  readonly we: Taken | undefined
  readonly they: Taken | undefined
  /** What both took before. */
  readonly before: Taken | undefined
  readonly weRefuse: boolean
  readonly theyRefuse: boolean
  /** All of the conversation, as Latin-1. */
  readonly sent: string
}

/** Where we may differ from Node's own server, each with its reason. */
const allowed: readonly { readonly reason: string; readonly isIt: (parting: Parting) => boolean }[] = [
  {
    reason: 'any method is taken, and answered 405 where it is of no use',
    isIt: ({ we, theyRefuse }) => theyRefuse && we !== undefined && !METHODS.includes(we.method),
  },
  {
    reason: 'any target is taken, and answered 404 where it is none of ours',
    isIt: ({ we, theyRefuse }) => theyRefuse && we !== undefined && !/^(?:\/|\*|https?:\/\/)/.test(we.url),
  },
  {
    reason: 'a tab behind a length or a coding is a blank, as in any header (RFC 9110 §5.5)',
    isIt: ({ theyRefuse, sent }) => theyRefuse && /: (?:chunked|\d+)\t/i.test(sent),
  },
  {
    reason: 'a transfer coding in HTTP/1.0 is refused (RFC 9112 §6.1)',
    isIt: ({ they, weRefuse, sent }) =>
      weRefuse && they?.headers['transfer-encoding'] !== undefined && sent.includes(' HTTP/1.0'),
  },
  {
    reason: 'a line ends with CR and LF, also an empty one before a request',
    isIt: ({ weRefuse, before, sent }) =>
      weRefuse &&
      (/(?:^|[^\r])\n|\r(?!\n)/.test(sent) || Buffer.from(before?.body ?? '', 'base64').at(-1) === 0x0d),
  },
  {
    reason: 'an extension of a chunk is a name, or a name and a value (RFC 9112 §7.1.1)',
    isIt: ({ weRefuse, they, sent }) => weRefuse && they !== undefined && /;=|;\w=[;\r]/.test(sent),
  },
  {
    reason: 'an extension of a chunk is short',
    isIt: ({ weRefuse, they, sent }) => weRefuse && they !== undefined && /;a{1000}/.test(sent),
  },
  {
    reason: 'Transfer-Encoding is "chunked", once and last',
    isIt: ({ weRefuse, they }) =>
      weRefuse && ![undefined, 'chunked'].includes(they?.headers['transfer-encoding'] as string),
  },
  {
    reason: 'a chunk of a petabyte is refused',
    isIt: ({ we, weRefuse, theyRefuse, sent }) =>
      weRefuse && !theyRefuse && !we && /^[0-9a-f]{14,}/im.test(sent),
  },
  {
    reason: 'trailers are not heeded (RFC 9110 §6.5.1)',
    isIt: ({ they, theyRefuse, sent }) =>
      !they && !theyRefuse && /^0.*\r\n(?:.*\r\n)?Connection: close/m.test(sent),
  },
  {
    reason: 'one space stands between the words of the first line',
    isIt: ({ they, weRefuse, sent }) => weRefuse && they !== undefined && / {2,}(?:\S+ )?HTTP\//.test(sent),
  },
  {
    reason: 'HTTP/0.9 and HTTP/2.0 are not spoken here',
    isIt: ({ they, weRefuse, sent }) =>
      weRefuse &&
      they !== undefined &&
      (/HTTP\/(?:0\.9|2\.0)/.test(sent) || !sent.includes(`${they.url} HTTP/`)),
  },
  {
    reason: 'a header stands on one line (RFC 9112 §5.2)',
    isIt: ({ weRefuse, sent }) => weRefuse && /\r\n[ \t]/.test(sent),
  },
  {
    reason: '"close" ends a connection of HTTP/1.0 too, whatever stands beside it (RFC 9112 §9.3)',
    isIt: ({ we, they }) =>
      we?.staysOpen === false && they?.staysOpen === true && /close/i.test(String(we.headers.connection)),
  },
  {
    reason: 'what comes behind an offer to upgrade that was passed over is a request',
    isIt: ({ theyRefuse, sent }) =>
      !theyRefuse && /^upgrade:/im.test(sent) && /^connection:.*upgrade/im.test(sent),
  },
]

/**
 * Compares what was heard up to the first difference, or the last request: what comes behind that nobody hears.
 *
 * @returns undefined for none
 */
export function differenceOf(ours: Heard, theirs: Heard, sent: string): 'allowed' | 'forbidden' | undefined {
  const weRefuse = ours.refusal !== undefined
  const theyRefuse = theirs.refusal !== undefined
  for (let at = 0; ; at++) {
    const we = ours.taken[at]
    const they = theirs.taken[at]
    if (!we && !they && weRefuse === theyRefuse) return undefined
    // Node tells of a request whose head it takes, though it refuses its body by that head.
    if (weRefuse && theyRefuse && !we?.body && !they?.body) return undefined
    if (we && they && isSame(we, they)) {
      if (we.staysOpen) continue
      return undefined
    }
    const parting = { we, they, before: ours.taken[at - 1], weRefuse, theyRefuse, sent }
    return allowed.some(({ isIt }) => isIt(parting)) ? 'allowed' : 'forbidden'
  }
}

function isSame(we: Taken, they: Taken): boolean {
  // Node's headers are an object like any, where this name is none of a header.
  const { ['__proto__']: _, ...headers } = we.headers
  return isDeepStrictEqual({ ...we, headers }, { ...they })
}
