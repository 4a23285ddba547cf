/** Puts the console in its place among other things that an HTTP server serves: below `/enforce-tls/`, or nowhere. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createConsole, type Console } from './console.js'
import type { ConsoleOptions } from './console-context.js'
import { isBelowMount, MOUNT } from './mount-path.js'

/** Answers what is below the mount while the console is on, and leaves all else to others. */
export type MountedConsole = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** Makes the function for an HTTP server; settings that change while it runs are followed. */
export function mountConsole(options: ConsoleOptions): MountedConsole {
  let answer: Console | null = null
  let madeFor: unknown
  return (request, response, next) => {
    const [path = '', query] = (request.url ?? '').split('?', 2)
    const { enabled, trustProxy } = options.settings().console
    if (!enabled || !isBelowMount(request.url)) return next()
    if (path === MOUNT) {
      // Relative, so that it holds behind a proxy that shows the console below another path.
      response
        .writeHead(308, { location: `${MOUNT.slice(1)}/${query === undefined ? '' : `?${query}`}` })
        .end()
      return
    }
    if (answer === null || madeFor !== trustProxy) {
      answer = createConsole(options)
      madeFor = trustProxy
    }
    request.url = path.slice(MOUNT.length) + (query === undefined ? '' : `?${query}`)
    answer(request, response)
  }
}
