import { render } from 'preact'
import { App } from './app.js'
import { openLab } from './state/lab.js'

const place = document.getElementById('page')
if (!place) throw new Error('The page has no place for the Lab.')
place.replaceChildren()
render(<App lab={openLab()} />, place)
