/**
 * Scripts and styles of the pages, compressed where the browser takes that: they hold no secret, so that their length
 * tells nothing. Each is read and compressed once. What cannot be read is left to who is asked next.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { RequestHandler } from 'express'
import { etagOf } from './etag.js'

export function compressedFiles(folder: string, cacheControl: string): RequestHandler {
  const files = new Map<string, Promise<Compressed>>()
  const compressed = (name: string): Promise<Compressed> => {
    const known = files.get(name) ?? compress(path.join(folder, name))
    files.set(name, known)
    return known
  }
  return (request, response, next) => {
    const [, name = ''] = /^\/([a-z.-]+\.(?:js|css))$/.exec(request.path) ?? []
    // Who names no encoding takes any by the letter of RFC 9110, and few programs are meant by that.
    const takes =
      request.headers['accept-encoding'] !== undefined && request.acceptsEncodings('gzip', 'identity')
    if (name === '' || request.method !== 'GET' || takes !== 'gzip') return next()
    compressed(name).then(
      ({ bytes, etag }) => {
        response.set({ 'Cache-Control': cacheControl, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
        response.set('ETag', etag)
        response.type(path.extname(name)).send(bytes)
      },
      () => {
        files.delete(name)
        next()
      },
    )
  }
}

interface Compressed {
  readonly bytes: Buffer
  readonly etag: string
}

async function compress(file: string): Promise<Compressed> {
  const text = await readFile(file, 'utf8')
  return { bytes: await promisify(gzip)(text), etag: etagOf(text) }
}
