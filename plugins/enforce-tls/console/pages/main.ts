/*! The libraries in this file have the licences in licences.txt: htm, preact and SortableJS. */
/** The console in the browser: puts the application into the page. The build makes one file of it and all it imports. */
import { App } from './app.js'
import { html, render } from './preact.js'

const app = document.querySelector('#app')
if (app) render(html`<${App} />`, app)
