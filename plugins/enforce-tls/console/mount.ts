/**
 * Puts the console in its place among other things that an HTTP server serves: below `/enforce-tls/`, or nowhere. Loads
 * nothing of the console itself, so that a Haraka without one does not carry it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Console } from './console.js'
import type { ConsoleOptions } from './console-context.js'

/** Where the console is, without the final slash. */
export const MOUNT = '/enforce-tls'

/** Whether a request is for the console. */
export function isBelowMount(url = ''): boolean {
  const [path] = url.split('?', 1)
  return path === MOUNT || path?.startsWith(`${MOUNT}/`) === true
}

/** Answers what is below the mount while the console is on, and leaves all else to others. */
export type MountedConsole = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** Makes the function for an HTTP server; settings that change while it runs are followed. */
export function mountConsole(
  createConsole: (options: ConsoleOptions) => Console,
  options: ConsoleOptions,
): MountedConsole {
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
