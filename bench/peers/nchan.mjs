import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Absent } from '../harness/absent.mjs'
import { places } from '../harness/places.mjs'
import { findProgram } from '../harness/programs.mjs'
import { selfSigned } from '../harness/self-signed.mjs'

const run = promisify(execFile)
const debianPackage = 'libnginx-mod-nchan'
const unpacked = join(places.cache, 'nchan')
const modulePaths = ['/', unpacked].map((root) => join(root, 'usr/lib/nginx/modules/ngx_nchan_module.so'))

/** One worker for one core; messages in memory, as it advises for speed. */
const settings = ({ port, folder, module, tls }) => `
load_module ${module};
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 60000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port} backlog=4096${tls ? ' ssl' : ''};
    ${tls ? `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};` : ''}
    location ~ ^/publish/(\\w+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 1000;
      nchan_message_timeout 1m;
    }
    location ~ ^/websocket/(\\w+)$ { nchan_subscriber websocket; nchan_channel_id $1; nchan_subscriber_first_message newest; }
    location ~ ^/sse/(\\w+)$ { nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message newest; }
    location ~ ^/poll/(\\w+)$ { nchan_subscriber longpoll; nchan_channel_id $1; nchan_subscriber_first_message newest; }
  }
}
`

export const peer = {
  name: 'nchan',
  title: 'nginx with Nchan',
  hasTls: true,

  async install() {
    if (!findProgram('nginx')) throw new Absent('nginx is not here')
    if (!findModule()) await unpackDebianPackage()
  },

  async serve({ port, folder, isTls = false }) {
    const file = join(folder, 'nginx.conf')
    const tls = isTls ? selfSigned(folder) : undefined
    await writeFile(file, settings({ port, folder, module: findModule(), tls }))
    return { command: [findProgram('nginx'), '-p', folder, '-c', file] }
  },

  publish: {
    http: { publishPath: '/publish/{c}' },
  },

  endpoints: [
    { way: 'websocket', load: { path: '/websocket/{c}', bareFrames: 1 } },
    { way: 'sse', load: { way: 'sse', path: '/sse/{c}' } },
    { way: 'long-poll', load: { way: 'poll', path: '/poll/{c}', pollStyle: 'etag' } },
  ],
}

function findModule() {
  return modulePaths.find((path) => existsSync(path))
}

/** Debian's module for Debian's nginx, unpacked but not installed: nothing of the machine's nginx changes. */
async function unpackDebianPackage() {
  if (!findProgram('apt-get') || !findProgram('dpkg-deb'))
    throw new Absent(`its module is Debian's ${debianPackage}, and this is no Debian`)
  await mkdir(unpacked, { recursive: true })
  try {
    await run('apt-get', ['download', '-q', debianPackage], { cwd: unpacked })
    const file = (await readdir(unpacked)).find((name) => name.endsWith('.deb'))
    await run('dpkg-deb', ['-x', join(unpacked, file), unpacked])
  } catch (error) {
    throw new Absent(
      `apt-get could not download ${debianPackage}: ${String(error.stderr ?? error.message).trim()}`,
    )
  }
  if (!findModule()) throw new Absent(`${debianPackage} does not hold the module that was expected`)
}
