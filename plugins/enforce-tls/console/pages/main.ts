/** The console in the browser: puts the application into the page. */
import { App } from './app.js'
import { html, render } from './preact.js'

const app = document.querySelector('#app')
if (app) render(html`<${App} />`, app)
