/** Debian's Exim with AUTH, and Debian's Postfix without, as the gateway that rules send mail through. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeAuthority, selfSigned } from '../support/certificates.js'
import { packagesMissing } from '../support/debian-package.js'
import { dnsPlugin, startDns } from '../support/dns-server.js'
import { logPairs } from '../support/evidence.js'
import { EXIM_KIND } from '../support/exim-server.js'
import { startHaraka } from '../support/haraka.js'
import { POSTFIX_KIND, postfixImpossible } from '../support/postfix-server.js'
import { startRealPeer, type ServerKind } from '../support/real-peer.js'
import { gatewayUrl, PASSWORD, USER } from '../support/reroute-scene.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'

const GATEWAY = 'gw.relay.example'

/** Takes mail only behind AUTH, which it offers only inside TLS; every word of a login is in its log. */
const EXIM_WITH_AUTH: ServerKind = {
  ...EXIM_KIND,
  config: (place) => {
    const { 'exim.conf': base = '' } = EXIM_KIND.config(place)
    const login = `server_condition = \${if and{{eq{$auth2}{${USER}}}{eq{$auth3}{${PASSWORD}}}}{true}{false}}`
    return {
      'exim.conf': [
        base
          .replace('acl_smtp_rcpt = accept', 'acl_smtp_rcpt = check_rcpt')
          .replace(
            'begin acl\n',
            'begin acl\ncheck_rcpt:\n  accept authenticated = *\n  deny message = authentication required\n',
          ),
        'begin authenticators',
        'plain:',
        '  driver = plaintext',
        '  public_name = PLAIN',
        '  server_prompts = :',
        `  ${login}`,
        '  server_set_id = $auth2',
        '  server_advertise_condition = ${if def:tls_in_cipher}',
        '',
      ].join('\n'),
    }
  },
}

/** TLS from the first byte on, as for port 465. */
const POSTFIX_WRAPPED: ServerKind = {
  ...POSTFIX_KIND,
  config: (place) => {
    const { 'master.cf': services = '', ...others } = POSTFIX_KIND.config(place)
    return {
      ...others,
      'master.cf': services.replace('- smtpd\n', '- smtpd -o smtpd_tls_wrappermode=yes\n'),
    }
  },
}

const missing = packagesMissing()
const GATEWAYS = [
  { name: 'Exim, with a login', kind: EXIM_WITH_AUTH, impossible: missing, url: { login: true } },
  {
    name: 'Postfix, as a relay inside',
    kind: POSTFIX_KIND,
    impossible: missing || postfixImpossible(),
    url: { login: false },
  },
  {
    name: 'Postfix, with TLS from the first byte on',
    kind: POSTFIX_WRAPPED,
    impossible: missing || postfixImpossible(),
    url: { login: false, scheme: 'smtps' },
  },
]

describe('real gateways', () => {
  for (const { name, kind, impossible, url } of GATEWAYS)
    for (const trusted of [true, false])
      it(
        `${name}: ${trusted ? 'takes what the partner cannot take over TLS' : 'gets nothing while its certificate is not trusted'}`,
        { skip: impossible },
        async () => {
          const authority = await makeAuthority('Test CA')
          const names = { dnsNames: [GATEWAY] }
          const certificate = await (trusted ? authority.issue(names) : selfSigned(names))
          await using gateway = await startRealPeer(kind, { hostname: GATEWAY, certificate })
          await using dns = await startDns({ [GATEWAY]: { a: ['127.0.0.1'] } })
          await using bank = await startPeer({ starttls: false })
          const { port = 0 } = gateway.route()
          await using haraka = await startHaraka({
            config: trustingConfig(
              authority,
              {
                'acme.example': [
                  { to: ['bank.example'], action: { level: 'encrypt', onFailure: 'reroute', via: 'relay' } },
                ],
              },
              `[gateways]\nrelay=${gatewayUrl(port, { host: GATEWAY, ...url })}\n`,
            ),
            routes: { 'bank.example': [bank.route()] },
            extraPlugins: { 'test-dns': dnsPlugin(dns) },
            logLevel: 'protocol',
          })
          await haraka.send({ from: 'ann@acme.example', to: ['cfo@bank.example', 'desk@bank.example'] })
          if (trusted) {
            await until(() => gateway.received().length === 2, { what: () => gateway.log, timeout: 30_000 })
            await haraka.waitForEmptyQueue()
            await haraka.waitForLog(/\[enforce-tls\] outcome /)
            assert.ok(gateway.received().every(({ tls }) => tls === 'TLSv1.3'))
            const [outcome] = logPairs(haraka.log).filter(({ kind: of }) => of === 'outcome')
            assert.equal(outcome?.['result'], 'rerouted')
          } else {
            await haraka.waitForLog(/outcome .*result=deferred .*class=gateway-unavailable .*not trusted/)
            assert.equal(gateway.received().length, 0)
            assert.equal(gateway.taken(), 0)
            assert.doesNotMatch(gateway.log, /A=plain|AUTH/i)
          }
          assert.ok(!haraka.log.includes(Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64')))
          assert.deepEqual(bank.cleartextAfterEhlo(), [])
        },
      )
})
