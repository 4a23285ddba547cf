/**
 * The files of a named trust, read and looked at: whether they are what they have to be, whether the key belongs to the
 * certificate, until when they are valid. What cannot be used throws a `TrustProblem`, whose message is the end of a
 * sentence about the file; nothing of a key is ever in it.
 */
import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { TrustSettings } from '../../settings/trust.js'

/** What keeps a trust from being used; the message names key, file and way out. */
export class TrustProblem extends Error {
  readonly code = 'TRUST_UNUSABLE'
  constructor(message: string) {
    super(message)
    this.name = 'TrustProblem'
  }
}

/** A PEM file of certificates. */
export interface CertificateFile {
  readonly key: 'ca' | 'cert'
  /** As the settings have it. */
  readonly file: string
  readonly pem: string
  readonly certificates: readonly X509Certificate[]
}

/** The files of one trust. */
export interface TrustFiles {
  readonly ca: readonly CertificateFile[]
  /** The client certificate and its chain; `null` for none. */
  readonly own: { readonly cert: CertificateFile; readonly keyPem: string } | null
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g
/**
 * A file of more would hold the process up while it is read, about a second for each megabyte. All public authorities
 * together are about 220 KB; a client certificate with its chain, and a key, are a few.
 */
const BYTES_MAX = { ca: 256 * 1024, cert: 64 * 1024, key: 64 * 1024 } as const

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by the user that Haraka runs as',
  EPERM: 'may not be read by the user that Haraka runs as',
  EISDIR: 'is a folder',
}

/**
 * Reads the files of a trust.
 *
 * @throws {TrustProblem} for the first one that cannot be used, whatever the time is.
 */
export function readTrustFiles(settings: TrustSettings, configFolder: string): TrustFiles {
  const ca = settings.ca.map((file) => readCertificates('ca', file, configFolder))
  // What follows takes as long for several files as for one of their size.
  const [last] = settings.ca.slice(-1)
  if (last !== undefined && ca.reduce((sum, { pem }) => sum + pem.length, 0) > BYTES_MAX.ca)
    throw tooLarge('ca', settings.ca.length > 1 ? `${settings.ca.join(', ')} together` : last)
  if (settings.cert === '') return { ca, own: null }
  const cert = readCertificates('cert', settings.cert, configFolder)
  const keyPem = readText('key', settings.key, configFolder)
  const [leaf] = cert.certificates
  if (!leaf?.checkPrivateKey(readKey(keyPem, settings.key)))
    throw new TrustProblem(
      `key=${settings.key} does not belong to the first certificate in cert=${settings.cert}; put the two that belong together there`,
    )
  return { ca, own: { cert, keyPem } }
}

/** What of the files cannot be used at a time, in milliseconds since 1970; `null` for nothing. */
export function outOfDate({ ca, own }: TrustFiles, now: number): TrustProblem | null {
  for (const { file, certificates } of ca) {
    if (certificates.some((certificate) => isValidAt(certificate, now))) continue
    return new TrustProblem(
      `ca=${file} has no authority that is valid now (${whyNot(certificates, now)}); put a valid one there`,
    )
  }
  const [leaf] = own?.cert.certificates ?? []
  return own && leaf && !isValidAt(leaf, now)
    ? new TrustProblem(
        `cert=${own.cert.file} is a certificate that ${whyNot([leaf], now)}; put a renewed one there, with its key`,
      )
    : null
}

/** Changes with any file of a trust that is replaced or written to. */
export function stampOf(settings: TrustSettings, configFolder: string): string {
  return JSON.stringify(
    filesOf(settings).map(([, file]) => {
      try {
        const { ino, size, mtimeMs, ctimeMs, mode } = statSync(path.resolve(configFolder, file))
        return [ino, size, mtimeMs, ctimeMs, mode]
      } catch (error) {
        return codeOf(error)
      }
    }),
  )
}

/** The same text for the same settings and the same bytes. */
export function digestOf(settings: TrustSettings, { ca, own }: TrustFiles): string {
  const pems = [...ca.map(({ pem }) => pem), own?.cert.pem ?? '', own?.keyPem ?? '']
  return createHash('sha256')
    .update(JSON.stringify([settings, pems]))
    .digest('hex')
}

/** The files that a trust names, with the key of each. */
export function filesOf({
  ca,
  cert,
  key,
}: TrustSettings): (readonly [key: 'ca' | 'cert' | 'key', file: string])[] {
  return [
    ...ca.map((file) => ['ca', file] as const),
    ...(cert === '' ? [] : [['cert', cert] as const, ['key', key] as const]),
  ]
}

function readCertificates(key: 'ca' | 'cert', file: string, configFolder: string): CertificateFile {
  const pem = readText(key, file, configFolder)
  const texts = pem.match(PEM) ?? []
  if (texts.length === 0)
    throw new TrustProblem(`${key}=${file} contains no certificate; put a PEM file of certificates there`)
  const certificates = texts.map((text, index) => {
    try {
      return new X509Certificate(text)
    } catch {
      throw new TrustProblem(
        `${key}=${file}: certificate ${index + 1} in it is damaged; put a whole PEM file there`,
      )
    }
  })
  // OpenSSL takes none where two follow each other on one line, as `cat` of files without a last line end leaves them.
  return { key, file, pem: `${texts.join('\n')}\n`, certificates }
}

function readText(key: keyof typeof BYTES_MAX, file: string, configFolder: string): string {
  try {
    const place = path.resolve(configFolder, file)
    const found = statSync(place)
    // To read a FIFO or a device would hold the process up, perhaps for ever.
    if (!found.isFile() && !found.isDirectory())
      throw new TrustProblem(`${key}=${file} is no regular file; put a PEM file there`)
    if (found.size > BYTES_MAX[key]) throw tooLarge(key, file)
    return readFileSync(place, 'latin1')
  } catch (error) {
    if (error instanceof TrustProblem) throw error
    const code = codeOf(error)
    throw new TrustProblem(
      `${key}=${file} ${READ_ERRORS[code] ?? `cannot be read (${code})`}; put the file there, or correct its name in enforce-tls.ini`,
    )
  }
}

function tooLarge(key: keyof typeof BYTES_MAX, file: string): TrustProblem {
  const wanted = {
    ca: 'only the authorities that the partner needs',
    cert: 'the client certificate and its chain alone',
    key: 'the key alone',
  }
  return new TrustProblem(
    `${key}=${file} is larger than ${BYTES_MAX[key] / 1024} KB; put ${wanted[key]} there`,
  )
}

function readKey(pem: string, file: string): KeyObject {
  if (/ENCRYPTED/.test(pem))
    throw new TrustProblem(
      `key=${file} is protected by a passphrase; put the key there without one, readable for Haraka's user alone`,
    )
  try {
    return createPrivateKey(pem)
  } catch {
    // OpenSSL's words may quote what it read.
    throw new TrustProblem(`key=${file} is no private key in PEM form; put the key of cert= there`)
  }
}

function isValidAt(certificate: X509Certificate, now: number): boolean {
  const { from, to } = datesOfOne(certificate)
  return from <= now && now <= to
}

/** From and to of one certificate, in milliseconds since 1970. */
export function datesOfOne(certificate: X509Certificate): { readonly from: number; readonly to: number } {
  const { validFrom, validTo } = certificate
  return { from: Date.parse(validFrom), to: Date.parse(validTo) }
}

function whyNot(certificates: readonly X509Certificate[], now: number): string {
  const latest = Math.max(...certificates.map((certificate) => datesOfOne(certificate).to))
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
  if (latest < now) return `expired on ${day(latest)}`
  return `is valid from ${day(Math.min(...certificates.map((each) => datesOfOne(each).from)))} on`
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : String(error)
}
