/**
 * Fetches the policy of a domain over HTTPS (RFC 8461 section 3.3): from `mta-sts.<domain>` and nowhere else, with a
 * certificate for that name that is trusted, from a public address, within a minute and 64 KB. Whatever goes wrong is
 * `failed`; nothing is thrown.
 */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIPv6, type LookupFunction } from 'node:net'
import { createSecureContext, TLSSocket, type PeerCertificate, type SecureContext } from 'node:tls'
import type { Dns } from '../../dns/answer.js'
import { errorMessage } from '../../text/error-message.js'
import { quote } from '../../text/quote.js'
import { lookUpAddresses } from '../host-addresses.js'
import { isPublic } from './public-address.js'

export type FetchedPolicy =
  | { readonly kind: 'fetched'; readonly text: string }
  | {
      readonly kind: 'failed'
      /** Whether it is the server's certificate that failed. */
      readonly cause: 'fetch' | 'certificate'
      /** A sentence for a person, without a full stop. */
      readonly why: string
    }

/** Fetches the text of a domain's policy; never rejects, and answers within a bounded time. */
export type FetchPolicy = (domain: string) => Promise<FetchedPolicy>

export interface PolicyFetchOptions {
  readonly dns: Dns
  /** The authorities that are trusted, as PEM texts. */
  readonly ca: readonly string[]
  /** Whether the server may have a loopback, private or other special address. @default false */
  readonly allowPrivate?: boolean
  /** @default 443 */
  readonly port?: number
  /** For all of it, in milliseconds. @default 60000 */
  readonly timeout?: number
}

export const POLICY_BYTES_MAX = 64 * 1024
const PATH = '/.well-known/mta-sts.txt'
/** Addresses that are tried, and how long each but the last has for a connection, in milliseconds. */
const [ADDRESSES_MAX, CONNECT_TIMEOUT] = [4, 5000]
const NAME_MISMATCH = 'ERR_TLS_CERT_ALTNAME_INVALID'

/** What is wrong, as the end of a sentence about the server. */
class PolicyServerError extends Error {}
class PolicyCertificateError extends PolicyServerError {}

/** Makes the function that fetches policies with these options. */
export function policyFetcher(options: PolicyFetchOptions): FetchPolicy {
  const { dns, ca, allowPrivate = false, port = 443, timeout = 60_000 } = options
  // Made once, when it is needed: reading all authorities takes some milliseconds.
  let trusted: SecureContext | undefined
  return async (domain) => {
    const host = `mta-sts.${domain}`
    try {
      const signal = AbortSignal.timeout(timeout)
      const addresses = await addressesOf(dns, host, allowPrivate)
      trusted ??= createSecureContext({ ca: [...ca], minVersion: 'TLSv1.2' })
      const response = await get({ host, port, addresses, signal, secureContext: trusted, timeout })
      return { kind: 'fetched', text: response }
    } catch (error) {
      const why =
        error instanceof PolicyServerError ? error.message : `cannot be asked: ${errorMessage(error)}`
      const cause = error instanceof PolicyCertificateError ? 'certificate' : 'fetch'
      return {
        kind: 'failed',
        cause,
        why: `the MTA-STS policy of ${domain} could not be fetched: ${host} ${why}`,
      }
    }
  }
}

async function addressesOf(dns: Dns, host: string, allowPrivate: boolean): Promise<readonly string[]> {
  const found = await lookUpAddresses(dns, host)
  if (found.kind === 'failed') throw new PolicyServerError(`is unknown, since ${found.why}`)
  if (found.kind === 'no-address') throw new PolicyServerError('has no address')
  const usable = allowPrivate ? found.addresses : found.addresses.filter(isPublic)
  if (usable.length > 0) return usable.slice(0, ADDRESSES_MAX)
  throw new PolicyServerError(
    `has no public address: ${quote(found.addresses.join(', '))}; others count with [mta_sts] private_addresses=true`,
  )
}

interface Get {
  readonly host: string
  readonly port: number
  readonly addresses: readonly string[]
  readonly secureContext: SecureContext
  readonly signal: AbortSignal
  readonly timeout: number
}

function get({ host, port, addresses, secureContext, signal, timeout }: Get): Promise<string> {
  const options = {
    host,
    port,
    path: PATH,
    // A connection of its own.
    agent: false,
    headers: { 'User-Agent': 'haraka-plugin-enforce-tls', Accept: 'text/plain' },
    lookup: among(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: CONNECT_TIMEOUT,
    secureContext,
    checkServerIdentity: nameMismatch,
    signal,
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(options)
    const fail = (error: Error): void => {
      if (signal.aborted) reject(new PolicyServerError(`does not answer within ${timeout / 1000} seconds`))
      else reject(error instanceof PolicyServerError ? error : explained(error, outgoing.socket))
      outgoing.destroy()
    }
    outgoing.on('error', fail)
    // Such as after a switch to another protocol.
    outgoing.on('close', () => fail(new Error('no answer')))
    outgoing.on('response', (response) => {
      textOf(response).then(resolve, fail)
    })
    outgoing.end()
  })
}

/** In place of a second look-up, which might lead elsewhere. */
function among(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_host, _options, callback) => callback(null, all)
}

/** As RFC 9525 has it: the names of the subjectAltName only, and a wildcard for the whole left-most label. */
function nameMismatch(host: string, { raw }: PeerCertificate): Error | undefined {
  const certificate = new X509Certificate(raw)
  if (certificate.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined)
    return undefined
  return Object.assign(new Error('another name'), { code: NAME_MISMATCH })
}

function explained(error: Error, socket: unknown): PolicyServerError {
  const { code = error.message, syscall } = error as NodeJS.ErrnoException
  if (code === NAME_MISMATCH) return new PolicyCertificateError('has a certificate for other names')
  if (code === 'CERT_HAS_EXPIRED') return new PolicyCertificateError('has a certificate that has expired')
  // Set where the certificate has failed; the type says that it always is.
  if (socket instanceof TLSSocket && (socket.authorizationError as unknown))
    return new PolicyCertificateError(`has a certificate that is not trusted (${code})`)
  if (syscall === 'connect' || error instanceof AggregateError)
    return new PolicyServerError(`cannot be reached (${code})`)
  return new PolicyServerError(`breaks the connection off (${code})`)
}

async function textOf(response: IncomingMessage): Promise<string> {
  const { statusCode = 0, headers } = response
  if (statusCode >= 300 && statusCode < 400)
    throw new PolicyServerError(`redirects (${statusCode}), which MTA-STS does not allow`)
  if (statusCode !== 200) throw new PolicyServerError(`answers with status ${statusCode}`)
  const type = headers['content-type'] ?? ''
  if (!/^text\/plain[ \t]*(;|$)/i.test(type))
    throw new PolicyServerError(`sends ${type === '' ? 'no type' : quote(type)}, not text/plain`)
  const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers
  if (encoding.toLowerCase() !== 'identity')
    throw new PolicyServerError(`sends a policy that is encoded (${quote(encoding)})`)
  // Otherwise whoever cuts the connection could shorten the policy unnoticed.
  if (length === undefined && headers['transfer-encoding'] === undefined)
    throw new PolicyServerError('does not say how long the policy is')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > POLICY_BYTES_MAX) throw new PolicyServerError('sends more than 64 KB')
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
