// Imported before anything else: an older Node would fail later, at a word it doesn't know.
// So this file uses only what every Node with modules understands.
const oldest = [20, 19]

const version = process.versions.node.split('.').map(Number)
if (version[0] < oldest[0] || (version[0] === oldest[0] && version[1] < oldest[1])) {
  process.stderr.write(
    `tidings needs Node.js ${oldest.join('.')} or newer; this is ${process.versions.node}. ` +
      'Install a newer one and run the same command again.\n',
  )
  process.exit(1)
}
