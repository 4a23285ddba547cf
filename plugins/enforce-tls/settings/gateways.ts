/**
 * `[gateways]` of `enforce-tls.ini`: a line for each, `name=smtp://user:password@host:port?trust=name`, or
 * `name=smtp://user@host:port?password_file=file`. What is wrong with one is thrown as a `SettingsError` that shows neither
 * user nor password.
 */
import { isIP } from 'node:net'
import { parseDomain } from '../rules/address.js'
import { gatewayNameProblem } from '../rules/gateway-name.js'
import { quote } from '../text/quote.js'
import { SETTINGS_FILE, SettingsError, withoutValue } from './error.js'
import type { ReadSecret } from './secret-file.js'
import type { Section } from './values.js'

/** A server that passes mail on. */
export interface Gateway {
  /** What rules call it. */
  readonly name: string
  /** A name in A-labels, or an address. */
  readonly host: string
  readonly port: number
  /** TLS from the first byte on (RFC 8314), instead of STARTTLS. */
  readonly implicitTls: boolean
  /** Said only over a session whose certificate was verified; `null` for none. */
  readonly login: { readonly user: string; readonly password: string } | null
  /** The `[trust:<name>]` that its session is held to; `null` for what holds without. */
  readonly trust: string | null
}

const EXPECTED =
  'smtp://host (STARTTLS, port 587) or smtps://host (TLS at once, port 465), with user:password@ before the host and :port behind it where they are needed'
const ENCODED =
  'a character of user or password that is not a letter or digit is written as %40 for @, %2F for /'
const PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 }

/**
 * The gateways of the section.
 *
 * @param readSecret reads `password_file`
 * @throws {SettingsError} for the first one that is not as expected.
 */
export function toGateways(section: Section, readSecret: ReadSecret): readonly Gateway[] {
  return Object.entries(section).map(([name, value]) => {
    const flaw = gatewayNameProblem(name)
    if (flaw !== null)
      throw new SettingsError(`${SETTINGS_FILE}: [gateways] ${quote(withoutValue(name))} ${flaw}`)
    const gateway = typeof value === 'string' ? parse(name, value, readSecret) : EXPECTED
    if (typeof gateway !== 'string') return gateway
    throw new SettingsError(
      `${SETTINGS_FILE}: [gateways] ${name}=… (not shown, as it may hold a password): expected ${gateway}`,
    )
  })
}

/** Where a gateway is, for a person: never with its user or password. */
export function gatewayAddress({ host, port }: Pick<Gateway, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** @returns what is expected instead */
function parse(name: string, value: string, readSecret: ReadSecret): Gateway | string {
  if (!URL.canParse(value)) return `${EXPECTED}; ${ENCODED}`
  const url = new URL(value)
  const usual = PORTS[url.protocol]
  if (usual === undefined) return EXPECTED
  // What is not encoded in a password ends the host early.
  if (url.hash !== '' || !['', '/'].includes(url.pathname)) return `${EXPECTED}; ${ENCODED}`
  const host = hostIn(url.hostname)
  if (host === null) return `${EXPECTED}; ${ENCODED}`
  const trust = url.searchParams.get('trust')
  const file = url.searchParams.get('password_file')
  if (
    [...url.searchParams.keys()].some((key) => key !== 'trust' && key !== 'password_file') ||
    trust === '' ||
    file === ''
  )
    return 'nothing behind the host and port but ?trust= with the name of a [trust:<name>] section, and ?password_file= (with & between them)'
  const login = file === null ? loginIn(url) : loginWith(url, file, `[gateways] ${name}`, readSecret)
  if (typeof login === 'string') return login
  const port = url.port === '' ? usual : Number(url.port)
  if (port === 0) return 'a port from 1 to 65535'
  return { name, host, port, implicitTls: url.protocol === 'smtps:', login, trust }
}

function hostIn(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare)) return bare
  let name: string
  try {
    name = decodeURIComponent(bare)
  } catch {
    return null
  }
  const parsed = parseDomain(name)
  return 'problem' in parsed ? null : parsed.domain
}

/** A user whose password is in a file. */
function loginWith(
  { username, password }: URL,
  file: string,
  where: string,
  readSecret: ReadSecret,
): Gateway['login'] | string {
  if (username === '' || password !== '') return 'a user without a password (user@) before ?password_file='
  const secret = encodeURIComponent(readSecret(file, `${where} password_file`))
  return loginIn({ username, password: secret })
}

function loginIn({ username, password }: Pick<URL, 'username' | 'password'>): Gateway['login'] | string {
  if (username === '' && password === '') return null
  if (username === '' || password === '') return 'a user and a password, or neither (user:password@)'
  try {
    const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) }
    // PLAIN puts a NUL between the two (RFC 4616).
    return /[\0\r\n]/.test(login.user + login.password) ? 'a user and a password without line ends' : login
  } catch {
    return `a user and a password in which % begins a code: ${ENCODED}`
  }
}
