/**
 * The document in a rules file, read anew whenever the file is another one than before. Every failure is thrown as
 * a `StoreError` that names file and place.
 */
import type { BigIntStats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileProblem } from './errors.js'
import { StoreError } from '../rule-store.js'
import { DocumentProblem, emptyDocument, readingDocument, type RulesDocument } from '../rules-document.js'
import { inPieces } from '../../work/turns.js'

/**
 * A file that was changed so short a time ago, in milliseconds, may be changed again without its times
 * moving on: they are as coarse as a timer tick, on some file systems as two seconds.
 */
const SETTLED_AFTER = 2000

/** The largest rules file, in bytes. It is read and written as one text, which takes some milliseconds at this size. */
const SIZE_MAX = 32 * 1024 * 1024

/**
 * @param size in bytes
 * @throws {DocumentProblem} for a document that is too large for a file.
 */
export function assertFits(size: number): void {
  if (size <= SIZE_MAX) return
  const [found, most] = [size, SIZE_MAX].map((bytes) => Math.ceil(bytes / 1024 / 1024))
  throw new DocumentProblem(
    `the document has ${found} MB, and a rules file may have ${most} MB; keep that many rules in Redis`,
  )
}

interface Identity {
  readonly name: string
  /** Whether a later change is sure to show in the name. */
  readonly settled: boolean
}

/** A rules file to read. */
export class DocumentFile {
  readonly description: string
  readonly path: string
  readonly #now: () => number
  /** The document of a settled file, or its reading under way. */
  #latest: { readonly identity: string; readonly document: Promise<RulesDocument> } | null = null
  /** The last text and what it means: a file that is not settled is read again, but rarely says something new. */
  #parsed: { readonly text: string; readonly document: Promise<RulesDocument> } | null = null
  #seen = false

  /** @param now the time, in milliseconds since 1970 */
  constructor(file: string, now: () => number) {
    this.path = path.resolve(file)
    this.#now = now
    this.description = `rules file ${this.path}`
  }

  /** The document as it stands at the time of the call. */
  async document(): Promise<RulesDocument> {
    try {
      const identity = await this.#identity()
      if (identity === null) return emptyDocument()
      if (this.#latest?.identity === identity.name) return await this.#latest.document
      const document = this.#read()
      // Sharing needs an identity that any later change will show in; a failure is for nobody to share.
      if (identity.settled) this.#latest = { identity: identity.name, document }
      return await document
    } catch (error) {
      this.#latest = null
      throw this.explained(error)
    }
  }

  async #read(): Promise<RulesDocument> {
    const text = await this.#text()
    if (this.#parsed?.text === text) return this.#parsed.document
    const document = inPieces(readingDocument(text))
    this.#parsed = { text, document }
    return document
  }

  /** A document of one's own, to change. */
  async readAnew(): Promise<RulesDocument> {
    return inPieces(readingDocument(await this.#text()))
  }

  async #text(): Promise<string> {
    // Before it is read: it may be larger than the memory.
    assertFits((await stat(this.path)).size)
    return readFile(this.path, 'utf8')
  }

  /** Which version of the file this is; `null` while it was never there. */
  async #identity(): Promise<Identity | null> {
    const found = await this.stat()
    if (found === null) return null
    const { dev, ino, size, mtimeNs, ctimeNs } = found
    const changed = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n)
    return {
      name: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
      settled: this.#now() - changed > SETTLED_AFTER,
    }
  }

  /** The file as it is; `null` while it was never there. A file that has gone is a failure. */
  async stat(): Promise<BigIntStats | null> {
    try {
      const found = await stat(this.path, { bigint: true })
      if (found.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
      // Reading a pipe or a device would never end.
      if (!found.isFile()) throw new Error('is not a regular file')
      this.#seen = true
      return found
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await stat(path.dirname(this.path))
      // Between the two steps of an editor that moves the old file away first, all mail would pass.
      if (this.#seen)
        throw new StoreError(
          'STORE_GONE',
          `${this.description} has disappeared; restore it or, if there are to be no rules at all, run: enforce-tls init`,
        )
      return null
    }
  }

  /** Whether the file was never there. @throws {StoreError} where that is unknown, or it has gone. */
  async isMissing(): Promise<boolean> {
    try {
      return (await this.stat()) === null
    } catch (error) {
      throw this.explained(error)
    }
  }

  /** An error as a `StoreError` that names the file. */
  explained(error: unknown): StoreError {
    if (error instanceof StoreError) return error
    const options = { cause: error }
    if (error instanceof DocumentProblem)
      return new StoreError('STORE_CORRUPT', `${this.description}: ${error.message}`, options)
    return new StoreError('STORE_UNAVAILABLE', `${this.description} ${fileProblem(error)}`, options)
  }
}
