/** @throws when a server does not take what is posted to it */
export async function send(url, method, headers, body) {
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return text
}

export const json = { 'content-type': 'application/json' }
