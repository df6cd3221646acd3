import { runExample } from '../shared/run-example.mjs'

await runExample('cake-shop', 4441, () => import('./cake-shop.mjs'))
