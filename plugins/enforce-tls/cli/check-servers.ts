/** The options that name a server: `--mx` the mail server to ask, `--dns` the DNS server. */
import { isIP } from 'node:net'
import { Option } from '@commander-js/extra-typings'
import { parseDomain } from '../rules/address.js'
import { quote } from '../text/quote.js'
import { WrongUse } from './refusal.js'

const SMTP = 25

/** `--dns`, of all commands that ask mail servers. */
export function dnsOption(condition = '') {
  return new Option(
    '--dns <server>',
    `${condition}ask this DNS server, address or address:port, instead of the system's`,
  )
}

/** `--mx`: `host`, `host:port`, `[2001:db8::1]:port`. @throws {WrongUse} for what is none. */
export function hostOf(text: string): { host: string; port: number } {
  const { host, port } = hostAndPort(text)
  const number = port === undefined ? SMTP : Number(port)
  if (number < 1 || number > 65_535) throw new WrongUse([`--mx ${quote(text)} has no port from 1 to 65535`])
  if (isIP(host)) return { host, port: number }
  const parsed = parseDomain(host)
  if ('problem' in parsed)
    throw new WrongUse([`--mx ${quote(text)} ${parsed.problem}; expected: mx.bank.example:25`])
  return { host: parsed.domain, port: number }
}

/** `--dns`, as `node:dns` takes it. @throws {WrongUse} for what is no address. */
export function serverOf(text: string): string {
  const { host, port } = hostAndPort(text)
  if (!isIP(host) || Number(port ?? 53) > 65_535)
    throw new WrongUse([
      `--dns ${quote(text)} is not the address of a DNS server; expected: 192.0.2.53 or 192.0.2.53:5353`,
    ])
  if (port === undefined) return host
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

function hostAndPort(text: string): { host: string; port: string | undefined } {
  if (isIP(text)) return { host: text, port: undefined }
  const [, literal, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  return { host: literal ?? name ?? text, port }
}
