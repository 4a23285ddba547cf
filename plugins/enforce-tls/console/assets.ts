/**
 * The files that a browser loads: the pages, and the libraries that they use, which the build puts beside them.
 * Nothing else of the disk can be had here.
 */
import path from 'node:path'
import express, { type Response, type Router } from 'express'

const PAGES = path.join(__dirname, 'pages')
/** A page asks each time whether it is still the latest; nothing in its name says so. */
const REVALIDATE = 'no-cache'

/** What a browser asks for; the folder holds what only tools need, too. */
const SERVED = /\/$|\.(?:html|css|js|svg|png|ico|webmanifest)$/

/** The router of all files. */
export function serveAssets(): Router {
  const router = express.Router({ caseSensitive: true })
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
