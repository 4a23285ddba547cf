/**
 * The console as one function that answers HTTP requests, for Haraka's server or any other. What it serves is
 * relative to where it is mounted; it believes no header about that.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import express, { type Response } from 'express'
import helmet from 'helmet'
import { compressedFiles } from './compressed.js'
import { Sessions } from './auth/sessions.js'
import { SignIn } from './auth/sign-in.js'
import { TokenUses } from './auth/tokens.js'
import type { ConsoleOptions } from './console-context.js'
import { RecentFailures } from '../report/recent-failures.js'
import { ROUTES } from './routes.js'
import { SearchLimit } from './search-limit.js'
import { serveRoutes } from './serve-routes.js'

/** All that a browser loads is in this folder, and nothing else of the disk can be had. */
const PAGES = path.join(__dirname, 'pages')
/** A page asks each time whether it is still the latest; nothing in its name says so. */
const REVALIDATE = 'no-cache'

/** Answers a request; every request comes to an answer. */
export type Console = (request: IncomingMessage, response: ServerResponse) => void

/** Makes a console. */
export function createConsole(options: ConsoleOptions): Console {
  const settings = () => options.settings().console
  const context = {
    ...options,
    sessions: new Sessions(options.accounts, settings),
    signIn: new SignIn(options.accounts),
    searches: new SearchLimit(),
    tokenUses: new TokenUses(options.accounts),
    recentFailures: new RecentFailures({
      deliveries: options.deliveries,
      isRecorded: () => options.settings().evidence.stream,
    }),
  }
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  const { trustProxy } = settings()
  app.set('trust proxy', typeof trustProxy === 'object' ? [...trustProxy] : trustProxy)
  app.use(securityHeaders())
  app.use('/api', serveRoutes(ROUTES, context))
  app.use(compressedFiles(PAGES, REVALIDATE))
  app.use(
    express.static(PAGES, {
      dotfiles: 'ignore',
      redirect: false,
      setHeaders: (response: Response) => response.set('Cache-Control', REVALIDATE),
    }),
  )
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('Not found.\n')
  })
  return app
}

/** Scripts and styles are files of ours: no inline code, nothing of other hosts, in nobody's frame. */
function securityHeaders() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        frameSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whether the whole host speaks TLS only is for its operator to say.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
}
