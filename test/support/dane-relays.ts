/** Debian's Postfix and Exim as relays that deliver over DANE or not at all, by MX records of their own resolver. */
import { EXIM_KIND } from './exim-server.js'
import { POSTFIX_KIND } from './postfix-server.js'
import { startRealPeer, type RealPeer } from './real-peer.js'
import { sendMail } from './submission.js'
import { until } from './until.js'

/** What a relay says has become of a message, and why. */
export interface Relayed {
  readonly is: 'delivered' | 'waits' | 'bounced'
  readonly said: string
}

export interface DaneRelay {
  readonly peer: RealPeer
  /** The line of the log for each recipient, as far as there is one. */
  readonly lineOf: (recipient: string) => RegExp
  readonly is: (line: string) => Relayed['is']
}

export async function startPostfixDaneRelay(): Promise<DaneRelay> {
  const peer = await startRealPeer(
    {
      ...POSTFIX_KIND,
      config: (place) => {
        const { 'main.cf': main = '', 'master.cf': master = '' } = POSTFIX_KIND.config(place)
        // Of a parameter that is there twice, the last counts.
        return {
          'main.cf': `${main}
virtual_mailbox_domains =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_sender_restrictions =
smtp_dns_support_level = dnssec
smtp_tls_security_level = dane-only
`,
          'master.cf': `${master}
smtp unix - - n - - smtp
`,
        }
      },
    },
    { hostname: 'relay.postfix.example' },
  )
  return {
    peer,
    lineOf: (recipient) =>
      new RegExp(`to=<${escaped(recipient)}>, .*status=(sent|deferred|bounced) .*$`, 'm'),
    is: (line) =>
      line.includes('status=sent') ? 'delivered' : line.includes('status=bounced') ? 'bounced' : 'waits',
  }
}

export async function startEximDaneRelay(): Promise<DaneRelay> {
  const peer = await startRealPeer(
    {
      ...EXIM_KIND,
      config: (place) => {
        const { 'exim.conf': config = '' } = EXIM_KIND.config(place)
        return {
          'exim.conf': [
            config.slice(0, config.indexOf('acl_smtp_mail')),
            'dns_dnssec_ok = 1',
            'acl_smtp_rcpt = accept',
            'remote_max_parallel = 20',
            'begin routers',
            'out:',
            '  driver = dnslookup',
            '  transport = remote',
            '  self = send',
            '  dnssec_request_domains = *',
            'begin transports',
            'remote:',
            '  driver = smtp',
            '  dnssec_request_domains = *',
            '  hosts_require_dane = *',
            'begin retry',
            '* * F,1d,1d',
            '',
          ].join('\n'),
        }
      },
    },
    { hostname: 'relay.exim.example' },
  )
  return {
    peer,
    lineOf: (recipient) => new RegExp(`(=>|==|\\*\\*) ${escaped(recipient)} .*$`, 'm'),
    is: (line) => (line.startsWith('=>') ? 'delivered' : line.startsWith('==') ? 'waits' : 'bounced'),
  }
}

/** Sends a message to each recipient by a relay, and gives what it says of each. */
export async function relayedBy(
  { peer, lineOf, is }: DaneRelay,
  from: string,
  recipients: readonly string[],
): Promise<readonly Relayed[]> {
  const { port = 0 } = peer.route()
  for (const to of recipients) {
    const { code, reply } = await sendMail(port, { from, to })
    if (code !== 250) throw new Error(`the relay answers ${reply}`)
  }
  const found = (): (string | undefined)[] => recipients.map((to) => lineOf(to).exec(peer.log)?.[0])
  const lines = await until(() => (found().includes(undefined) ? false : found()), {
    what: () => `a word on every message; the log ends with\n${peer.log.slice(-5000)}`,
    timeout: 60_000,
  })
  return lines.map((line = '') => ({ is: is(line), said: line }))
}

function escaped(text: string): string {
  return text.replaceAll('.', '\\.')
}
