// The arrows between folders: who may import whom. `npm run tidy` checks them; types count like values.
// In CommonJS because dependency-cruiser reads its rules that way.

// Tests may import anything: they stand outside of the building.
const tests = '([.]test|-suite)[.]ts$'
const server = '^packages/server/src/'

// From the top down; a row's rooms know the rows below, and neither each other nor anything above.
const rooms = [
  ['cli/'],
  // What an app imports (`index.ts`) stands in no folder, with what starts and stops a server.
  ['[^/]+[.]ts$'],
  ['lab/'],
  ['http/'],
  ['transports/'],
  ['hub/'],
  ['access/', 'limits/', 'observe/'],
  ['log/'],
]

const anyRoom = rooms.flat()

const serverRooms = rooms
  .flatMap((row, depth) => row.map((room) => ({ room, depth, row })))
  .map(({ room, depth, row }) => ({
    room,
    notBelow: [...rooms.slice(0, depth).flat(), ...row.filter((other) => other !== room)],
  }))
  // No path at all would mean any path: the top room needs no rule.
  .filter(({ notBelow }) => notBelow.length > 0)
  .map(({ room, notBelow }) => ({
    name: 'server-arrows-point-down',
    comment: 'cli → library entry → lab → http → transports → hub → access, limits, observe → log → protocol',
    from: { path: `${server}${room}`, pathNot: tests },
    to: { path: notBelow.map((other) => `${server}${other}`) },
  }))

const lab = '^packages/lab/src/'

// The Lab's page, in the same manner.
const labFolders = [
  ['page/', 'check/'],
  ['session/'],
  ['lanes/', 'hop/'],
  ['advice/', 'exports/', 'transcript/', 'diagram/'],
  ['figures/', 'workload/'],
  ['record/'],
  ['wire/'],
]

const client = '^packages/client/src/'

// The client, in the same manner. `ways/` stands beside: readers of one way, on the lowest row alone.
const clientFolders = [
  ['tabs/', 'storage/', 'store/', 'queue/'],
  // What a program imports stands in no folder.
  ['[^/]+[.]ts$'],
  ['connection/', 'ways/'],
  ['channel/', 'publishing/'],
  ['links/', 'choosing/'],
  ['wire/', 'time/'],
]

/** A folder knows the rows below it. */
function arrowsDown(name, comment, root, rows, isFree = []) {
  return rows.slice(1).flatMap((row, above) =>
    row.map((folder) => ({
      name,
      comment,
      from: { path: `${root}${folder}`, pathNot: [tests, ...isFree] },
      to: {
        path: rows
          .slice(0, above + 1)
          .flat()
          .map((other) => `${root}${other}`),
        pathNot: isFree,
      },
    })),
  )
}

const labArrows = arrowsDown(
  'lab-arrows-point-down',
  'page, check → session → lanes, hop → what shows and advises → figures, workload → record → wire',
  lab,
  labFolders,
)

const clientArrows = arrowsDown(
  'client-arrows-point-down',
  'subpaths → connect → connection → channel, publishing → links, choosing → wire, time',
  client,
  clientFolders,
  // What all of them speak of: errors, and the types of events.
  [`${client}(problem-error|typed-target)[.]ts$`],
)

/** Folders or files under `folder` that are of one shape and don't know each other. */
function siblings(name, folder, names) {
  return {
    name,
    comment: `siblings under ${folder} don't know each other: what they share stands in a file of its own`,
    from: { path: `^${folder}(${names})[/.]`, pathNot: tests },
    to: { path: `^${folder}(${names})[/.]`, pathNot: `^${folder}$1[/.]` },
  }
}

const ways = 'short-poll|long-poll|sse|websocket'

/** A library behind an interface of ours, so that another can take its place. */
function oneHome(library, home) {
  return {
    name: `${library}-has-one-home`,
    comment: `${library} is imported under ${home} alone`,
    from: { path: '^packages/', pathNot: [tests, `^${home}`] },
    to: { path: `node_modules/${library}/` },
  }
}

const forbidden = [
  {
    name: 'no-circles',
    comment: 'files that need each other are one file, or lack a third that both need',
    from: {},
    to: { circular: true },
  },
  {
    name: 'protocol-imports-nothing',
    comment: "the words on the wire are pure: no package, and nothing of Node's",
    from: { path: '^packages/protocol/src/', pathNot: tests },
    to: { pathNot: '^packages/protocol/src/' },
  },
  {
    name: 'client-imports-protocol-alone',
    comment: "the client runs in browsers too: no runtime dependency, and nothing of Node's",
    from: { path: '^packages/client/src/', pathNot: tests },
    to: { pathNot: '^packages/(client|protocol)/src/' },
  },
  {
    name: 'react-imports-client-alone',
    comment: 'a hook over the client, and nothing else at run time',
    from: { path: '^packages/react/src/', pathNot: tests },
    to: { pathNot: ['^packages/(react|client)/src/', 'node_modules/(@types/)?react/'] },
  },
  {
    name: 'client-is-for-the-command-line',
    comment: 'in the server only cli/ and the readers of the Lab read through the client',
    from: { path: server, pathNot: [tests, `${server}(cli|lab/readers)/`] },
    to: { path: '^packages/client/' },
  },
  {
    name: 'room-is-known',
    comment: 'a new folder of the server needs its place among the rooms of .dependency-cruiser.cjs',
    from: { path: '^packages/' },
    to: { path: server, pathNot: anyRoom.map((room) => `${server}${room}`) },
  },
  ...serverRooms,
  {
    name: 'face-of-a-package',
    comment: 'another package is imported by its name',
    from: { path: '^packages/([^/]+)/', pathNot: tests },
    to: {
      path: '^packages/([^/]+)/',
      pathNot: ['^packages/$1/', '^packages/[^/]+/src/index[.]ts$', '^packages/client/src/[^/]+/index[.]ts$'],
    },
  },
  {
    name: 'face-of-a-room',
    comment: "a room is imported by its index.ts, the room's face",
    from: { path: `${server}([^/]+)/`, pathNot: tests },
    to: { path: server, pathNot: [`${server}$1/`, `${server}index[.]ts$`, `${server}[^/]+/index[.]ts$`] },
  },
  {
    name: 'face-of-a-room',
    comment: "a room is imported by its index.ts, the room's face",
    from: { path: `${server}[^/]+[.]ts$`, pathNot: tests },
    to: { path: `${server}[^/]+/`, pathNot: `${server}[^/]+/index[.]ts$` },
  },
  siblings('ways-do-not-know-each-other', 'packages/server/src/transports/', ways),
  siblings('ways-do-not-know-each-other', 'packages/server/src/transports/streams/', ways),
  siblings('ways-do-not-know-each-other', 'packages/client/.*/', ways),
  siblings('ways-do-not-know-each-other', 'packages/lab/src/lanes/', ways),
  ...labArrows,
  ...clientArrows,
  {
    name: 'log-knows-no-engine',
    comment:
      "an engine stands on the log's interface; only log/open-engine.ts, which chooses one, knows them",
    from: { path: `${server}log/`, pathNot: [tests, `${server}log/(engines/|open-engine[.]ts$)`] },
    to: { path: `${server}log/engines/` },
  },
  {
    name: 'engines-do-not-know-each-other',
    comment: "what engines share belongs to the log's interface",
    from: { path: `${server}log/engines/([^/.]+)`, pathNot: tests },
    to: { path: `${server}log/engines/`, pathNot: `${server}log/engines/$1[/.]` },
  },
  oneHome('commander', 'packages/server/src/cli/'),
  oneHome('lmdb', 'packages/server/src/log/engines/'),
  oneHome('fs-native-extensions', 'packages/server/src/log/engines/'),
  oneHome('preact', 'packages/lab/src/(page|check)/'),
  oneHome('uplot', 'packages/lab/src/page/'),
  oneHome('ws', 'packages/server/src/(transports|cli|lab/readers)/'),
  {
    name: 'development-only',
    comment:
      'what is shipped imports only what its package.json lists under dependencies; the Lab ships as a bundle',
    from: { path: '^packages/[^/]+/src/', pathNot: [tests, lab] },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'import-is-found',
    comment: 'nothing is there',
    from: { path: '^packages/' },
    to: { couldNotResolve: true },
  },
]

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      // Our own packages by their sources; no build is needed first.
      conditionNames: ['source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.d.ts', '.js', '.mjs', '.json'],
    },
  },
}
