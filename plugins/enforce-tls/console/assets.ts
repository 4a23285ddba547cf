/**
 * The files that a browser loads: the page, its script and style, Chart.js and the libraries' licences, which the build
 * puts into one folder. Nothing else of the disk can be had here.
 */
import path from 'node:path'
import express, { type Response, type Router } from 'express'

const PAGES = path.join(__dirname, 'pages')
/** A page asks each time whether it is still the latest; nothing in its name says so. */
const REVALIDATE = 'no-cache'

/** The router of all files. */
export function serveAssets(): Router {
  const router = express.Router({ caseSensitive: true })
  router.use(
    express.static(PAGES, {
      dotfiles: 'ignore',
      redirect: false,
      setHeaders: (response: Response) => response.set('Cache-Control', REVALIDATE),
    }),
  )
  return router
}
