/**
 * Posts a report over HTTPS (RFC 8460 section 5.4), to public addresses, within a minute, and nowhere else than the URL
 * says. The certificate is not looked at: what a report is about may be just that, so that the RFC lets senders pass over
 * it, and a report names no person. Rejects where the server did not take it.
 */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIP, isIPv6, type LookupFunction } from 'node:net'
import type { Dns } from '../../dns/answer.js'
import { lookUpAddresses } from '../../published/host-addresses.js'
import { isPublic } from '../../published/mta-sts/public-address.js'
import { errorMessage } from '../../text/error-message.js'

export interface PostOptions {
  readonly dns: Dns
  /** Whether the server may have a loopback, private or other special address. */
  readonly allowPrivate: boolean
  /** For all of it, in milliseconds. @default 60000 */
  readonly timeout?: number
}

/** Addresses that are tried, and how long each but the last has for a connection, in milliseconds. */
const [ADDRESSES_MAX, CONNECT_TIMEOUT] = [4, 5000]
/** What is read of an answer, in bytes: nobody wants to know more. */
const ANSWER_MAX = 64 * 1024

/**
 * Posts a compressed report.
 *
 * @throws (rejects) with why the server did not take it, as the end of a sentence about it.
 */
export async function postReport(
  url: URL,
  body: Buffer,
  { dns, allowPrivate, timeout = 60_000 }: PostOptions,
): Promise<void> {
  const signal = AbortSignal.timeout(timeout)
  const addresses = await addressesOf(dns, url.hostname.replace(/^\[(.*)\]$/, '$1'), allowPrivate)
  const options = {
    method: 'POST',
    // A connection of its own.
    agent: false,
    headers: {
      'User-Agent': 'haraka-plugin-enforce-tls',
      'Content-Type': 'application/tlsrpt+gzip',
      'Content-Length': body.length,
    },
    lookup: among(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: CONNECT_TIMEOUT,
    rejectUnauthorized: false,
    signal,
  }
  await new Promise<void>((resolve, reject) => {
    const outgoing = request(url, options)
    const fail = (error: Error): void => {
      reject(
        signal.aborted
          ? new Error(`does not answer within ${timeout / 1000} seconds`)
          : new Error(`breaks the connection off, or cannot be reached: ${errorMessage(error)}`),
      )
      outgoing.destroy()
    }
    outgoing.on('error', fail)
    // Such as after a switch to another protocol.
    outgoing.on('close', () => fail(new Error('no answer')))
    outgoing.on('response', (response) => {
      const { statusCode = 0 } = response
      if (statusCode >= 200 && statusCode < 300) resolve()
      else reject(new Error(`answers with status ${statusCode}`))
      passOver(response)
    })
    outgoing.end(body)
  })
}

/** What the server says besides its status. */
function passOver(response: IncomingMessage): void {
  let bytes = 0
  response.on('error', () => undefined)
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > ANSWER_MAX) response.destroy()
  })
}

async function addressesOf(dns: Dns, host: string, allowPrivate: boolean): Promise<readonly string[]> {
  const all = isIP(host) ? [host] : await lookedUp(dns, host)
  const usable = allowPrivate ? all : all.filter(isPublic)
  if (usable.length > 0) return usable.slice(0, ADDRESSES_MAX)
  throw new Error('has no public address')
}

async function lookedUp(dns: Dns, host: string): Promise<readonly string[]> {
  const found = await lookUpAddresses(dns, host)
  if (found.kind === 'failed') throw new Error(`is unknown, since ${found.why}`)
  if (found.kind === 'no-address') throw new Error('has no address')
  return found.addresses
}

/** In place of a second look-up, which might lead elsewhere. */
function among(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_host, _options, callback) => callback(null, all)
}
