import { closeCode } from '@tidings/protocol'

const meanings: Readonly<Record<number, string>> = {
  [closeCode.normal]: 'all that was to be said was said',
  [closeCode.goingAway]: 'the server stops, or the page is left',
  [closeCode.protocolError]: 'the other side broke the protocol',
  [closeCode.unsupportedData]: 'not a kind of data that is taken',
  [closeCode.noStatus]: 'no code was given',
  [closeCode.abnormal]: 'the connection was lost without a close',
  [closeCode.invalidPayload]: 'a message was not what its type promises',
  [closeCode.policyViolation]: 'refused',
  [closeCode.tooLarge]: 'a message was too large',
  [closeCode.internalError]: 'the server made a mistake',
  [closeCode.tryLater]: 'too much to do: come back later',
}

/** @see RFC 6455 §7.4.1 */
export function closeCodeMeaning(code: number): string {
  return meanings[code] ?? (code >= 3000 ? 'a code of an application' : 'a code that is not defined')
}
