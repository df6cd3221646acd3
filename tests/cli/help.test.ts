import { expect, test } from 'vitest'
import { tidings } from './command-run.js'

const commands = [
  'serve',
  'create',
  'publish',
  'read',
  'ls',
  'head',
  'close',
  'rm',
  'backup',
  'verify',
  'demo',
]

test.each(commands)('%s --help shows examples on stdout', async (command) => {
  const { code, stdout, stderr } = await tidings([command, '--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(`Usage: tidings ${command}`)
  expect(stdout).toMatch(new RegExp(`Examples:\n(.*\n)*  .*tidings ${command}`))
})

test('--help lists every command, and what the exit codes mean', async () => {
  const { code, stdout } = await tidings(['--help'])
  expect(code).toBe(0)
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  expect(stdout).toContain('Exit codes:')
})

test('help of serve names each setting with its environment variable and default', async () => {
  const { stdout } = await tidings(['serve', '--help'])
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    '--port <number> port to listen on; 0 picks a free one (TIDINGS_PORT; default 4437)',
  )
})

test('--version tells the version', async () => {
  const { code, stdout } = await tidings(['--version'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test.each([
  { args: ['bake'], says: "unknown command 'bake'" },
  { args: ['read'], says: "missing required argument 'channel'" },
  { args: ['read', 'cake', '--loud'], says: "unknown option '--loud'" },
  {
    args: ['read', 'cake', '--live', 'telegraph'],
    says: 'Allowed choices are short-poll, long-poll, sse, websocket.',
  },
  {
    args: ['read', 'cake', '--offset', 'yesterday'],
    says: 'It is -1, now, or an offset that the server gave out.',
  },
  { args: ['read', 'cake', '--interval', 'often'], says: 'It is a whole number.' },
  {
    args: ['create', 'cake', '--ttl', '1', '--expires-at', '2030-01-01T00:00:00Z'],
    says: 'cannot be used with',
  },
])('$args is a usage error that says what is wrong on stderr', async ({ args, says }) => {
  const { code, stdout, stderr } = await tidings(args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^tidings: /)
  expect(stderr).toContain(says)
  expect(stderr).toContain('--help')
})
