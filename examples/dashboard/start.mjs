import { runExample } from '../shared/run-example.mjs'

await runExample('dashboard', 4443, () => import('./dashboard.mjs'))
