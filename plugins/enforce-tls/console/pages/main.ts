/** The console in the browser. */
const app = document.querySelector('#app')
if (app) app.textContent = 'enforce-tls'
export {}
