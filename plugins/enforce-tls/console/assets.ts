/**
 * The files that a browser loads: the pages, and the libraries that they use out of this package's dependencies.
 * Nothing else of the disk can be had here.
 */
import path from 'node:path'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import express, { type Response, type Router } from 'express'

/** Name below `assets/vendor/` to package and file in it. */
const VENDOR: Readonly<Record<string, readonly [name: string, file: string]>> = {
  'standalone.module.js': ['htm', 'preact/standalone.module.js'],
  'sortable.esm.js': ['sortablejs', 'modular/sortable.esm.js'],
  'chart.umd.js': ['chart.js', 'dist/chart.umd.js'],
}
const PAGES = path.join(__dirname, 'pages')
/** A page asks each time whether it is still the latest; nothing in its name says so. */
const REVALIDATE = 'no-cache'

/** What a browser asks for; the folder holds what only tools need, too. */
const SERVED = /\/$|\.(?:html|css|js|map|svg|png|ico|webmanifest)$/

/** The router of all files. */
export function serveAssets(): Router {
  const router = express.Router({ caseSensitive: true })
  for (const [name, [packageName, file]] of Object.entries(VENDOR)) {
    const content = readFileSync(path.join(packageFolder(packageName), file))
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
    router.get(`/assets/vendor/${name}`, (_request, response) => {
      response.set({ 'Cache-Control': REVALIDATE, ETag: etag }).type('text/javascript')
      response.send(content)
    })
  }
  router.use((request, _response, next) => (SERVED.test(request.path) ? next() : next('router')))
  router.use(
    express.static(PAGES, {
      dotfiles: 'ignore',
      redirect: false,
      setHeaders: (response: Response) => response.set('Cache-Control', REVALIDATE),
    }),
  )
  return router
}

/** Where a dependency is; its package.json need not be among what it exports. */
function packageFolder(name: string): string {
  const inside = `${path.sep}node_modules${path.sep}${name}`
  const entry = require.resolve(name === 'htm' ? 'htm/preact' : name)
  return entry.slice(0, entry.lastIndexOf(inside) + inside.length)
}
