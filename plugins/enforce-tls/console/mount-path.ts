/** Where the console is among other things that an HTTP server serves. Pure. */

/** The path, without the final slash. */
export const MOUNT = '/enforce-tls'

/** Whether a request is for the console. */
export function isBelowMount(url: string | undefined): boolean {
  const [path] = (url ?? '').split('?', 1)
  return path === MOUNT || path?.startsWith(`${MOUNT}/`) === true
}
