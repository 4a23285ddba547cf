/**
 * Scripts and styles of the pages, compressed where the browser takes that: they hold no secret, so that their length
 * tells nothing. Each is read and compressed once. What cannot be read is left to who is asked next.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { RequestHandler } from 'express'

export function compressedFiles(folder: string, cacheControl: string): RequestHandler {
  const files = new Map<string, Promise<Buffer>>()
  const compressed = (name: string): Promise<Buffer> => {
    const known = files.get(name) ?? readFile(path.join(folder, name)).then(promisify(gzip))
    files.set(name, known)
    return known
  }
  return (request, response, next) => {
    const [, name = ''] = /^\/([a-z.-]+\.(?:js|css))$/.exec(request.path) ?? []
    if (name === '' || request.method !== 'GET' || request.acceptsEncodings('gzip', 'identity') !== 'gzip')
      return next()
    compressed(name).then(
      (bytes) => {
        response.set({ 'Cache-Control': cacheControl, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
        response.type(path.extname(name)).send(bytes)
      },
      () => {
        files.delete(name)
        next()
      },
    )
  }
}
