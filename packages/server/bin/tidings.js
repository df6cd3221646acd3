#!/usr/bin/env node
// Stands in the repository, unlike what it runs: npm links a package's commands when it installs, which in a
// clone is before anything was built.
await import('../dist/cli/main.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.includes('main.js')) throw error
  process.stderr.write('tidings: not built yet; run "npm run build" (or "npm start") first\n')
  process.exit(1)
})
