const labLink =
  '<p><a href="/lab/"><b>The Lab</b></a> shows the four at work, side by side, and what each costs.</p>\n'

/** What a browser finds at the server's root: where to go on. A same-origin page to try things on from its console. */
export function homePage({ hasLab }: { readonly hasLab: boolean }): Buffer {
  return Buffer.from(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tidings</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 8vh auto; padding: 0 1.25rem; }
  h1 { font-size: 1.5rem; margin-bottom: 0; }
  pre { background: color-mix(in srgb, CanvasText 7%, Canvas); padding: 1rem; border-radius: .5rem; overflow-x: auto; font-size: .875rem; }
</style>
<h1>Tidings is here.</h1>
<p>One ordered, durable log per channel, heard over short polling, long polling, Server-Sent Events or WebSocket
with one offset. Open this page's console and try it:</p>
<pre>const cake = '/v1/stream/cake'
await fetch(cake, { method: 'PUT', headers: { 'content-type': 'application/json' } })

// Server-Sent Events
new EventSource(cake + '?live=sse&amp;offset=-1&amp;events=message').onmessage = e =&gt; console.log('sse', e.data)

// WebSocket: hears and speaks
const socket = new WebSocket(location.origin.replace('http', 'ws') + cake + '?live=websocket&amp;offset=-1')
socket.onmessage = e =&gt; console.log('websocket', e.data)

await fetch(cake, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"cake":"ready"}' })</pre>
${hasLab ? labLink : ''}<p>What each way costs is counted at <a href="/v1/stats">/v1/stats</a>; the channels are at <a href="/v1/channels">/v1/channels</a>.</p>
</html>
`)
}
