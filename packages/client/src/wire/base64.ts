import { answerMalformed } from '../problem-error.js'

/**
 * Standard base64 (RFC 4648 §4), over what browsers and Node 20 both have.
 *
 * @throws ProblemError `answer-malformed`
 */
export function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch (error) {
    throw answerMalformed('A message is not base64.', error)
  }
}

/** `fromCharCode` takes its characters as arguments, and engines bound those. */
const charactersAtOnce = 8192

export function encodeBase64(bytes: Uint8Array): string {
  let characters = ''
  for (let at = 0; at < bytes.length; at += charactersAtOnce) {
    characters += String.fromCharCode(...bytes.subarray(at, at + charactersAtOnce))
  }
  return btoa(characters)
}
