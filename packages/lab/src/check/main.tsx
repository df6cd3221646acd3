import { render } from 'preact'
import { CheckPage } from './page/check-page.js'

const place = document.getElementById('page')
if (!place) throw new Error('The page has no place for the check.')
place.replaceChildren()
render(<CheckPage />, place)
