import type { Meaning } from './parts.js'

const byStatus: Readonly<Record<number, Meaning>> = {
  100: meaning('go on and send the body', '15.2.1'),
  101: meaning('from here on the connection speaks the protocol that Upgrade names', '15.2.2'),
  200: meaning('here is what was asked for', '15.3.1'),
  201: meaning('it was made', '15.3.2'),
  204: meaning('all went well, and there is nothing to send: no body follows', '15.3.5'),
  304: meaning('what the client has is still right: no body follows', '15.4.5'),
  400: meaning('the request is not one that the server understands', '15.5.1'),
  403: meaning('understood, and refused', '15.5.4'),
  404: meaning('nothing is there', '15.5.5'),
  405: meaning('not with this method', '15.5.6'),
  408: meaning('the request took too long to arrive', '15.5.9'),
  409: meaning('it does not go together with what is there', '15.5.10'),
  410: meaning('it was there and is no more', '15.5.11'),
  413: meaning('more than the server takes', '15.5.14'),
  415: meaning('not a content type that is taken here', '15.5.16'),
  421: meaning('the request came to a server that does not answer for this host', '15.5.20'),
  426: meaning('only by the protocol that Upgrade names', '15.5.22'),
  500: meaning('the server made a mistake', '15.6.1'),
  501: meaning('the server can not do this', '15.6.2'),
  502: meaning('a server between had no good answer from the one behind it', '15.6.3'),
  503: meaning('not now', '15.6.4'),
  504: meaning('a server between had no answer in time from the one behind it', '15.6.5'),
}

const byClass: readonly Meaning[] = [
  meaning('the answer is still to come', '15.2'),
  meaning('it went well', '15.3'),
  meaning('the client has more to do', '15.4'),
  meaning('the request was not right', '15.5'),
  meaning('the server could not', '15.6'),
]

/** @see RFC 9110 §15 */
export function statusMeaning(status: number): Meaning {
  const known = byStatus[status] ?? byClass[Math.floor(status / 100) - 1]
  return known ?? meaning('a status of no known class', '15')
}

function meaning(sentence: string, section: string): Meaning {
  return { meaning: sentence, source: `RFC 9110 §${section}` }
}
