/** The body of a request, as text, for the servers on node:http. */
export function readBody(request, then) {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => then(body))
}
