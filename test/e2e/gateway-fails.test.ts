/** A gateway that does not take a message makes it wait; nothing of it, and no login, goes over what was not verified. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprints, selfSigned } from '../support/certificates.js'
import type { PeerBehaviour } from '../support/peer-behaviour.js'
import {
  AUTH,
  gatewayUrl,
  PASSWORD_FORMS,
  startRerouteScene,
  type RerouteOptions,
} from '../support/reroute-scene.js'

const VIA = { level: 'encrypt', onFailure: 'bounce', via: 'relay' }
const INSIDE = AUTH.onSecure
const OFFERS_IN_THE_CLEAR: PeerBehaviour = {
  ...AUTH,
  on: { EHLO: ['250-gw.relay.example', '250-AUTH PLAIN LOGIN', '250 STARTTLS'] },
}

interface Row extends RerouteOptions {
  readonly name: string
  readonly why: RegExp
  /** What the gateway may see inside TLS. @default nothing */
  readonly inside?: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    name: 'offers AUTH in the clear and no STARTTLS',
    gateway: { ...OFFERS_IN_THE_CLEAR, starttls: false, on: { EHLO: ['250-gw', '250 AUTH PLAIN LOGIN'] } },
    why: /does not offer STARTTLS/,
  },
  {
    name: 'offers AUTH in the clear, and fails the handshake',
    gateway: { ...OFFERS_IN_THE_CLEAR, on: { ...OFFERS_IN_THE_CLEAR.on, STARTTLS: '454 4.7.0 later' } },
    why: /answered STARTTLS with 454/,
  },
  {
    name: 'has a certificate that nobody trusts',
    gateway: OFFERS_IN_THE_CLEAR,
    certificate: () => selfSigned({ ipAddresses: ['127.0.0.1'] }),
    why: /has a certificate that is not trusted/,
    inside: ['QUIT'],
  },
  {
    name: 'has a certificate for another name',
    certificate: (authority) => authority.issue({ dnsNames: ['mx.bank.example', 'bank.example'] }),
    why: /has a certificate for .*mx\.bank\.example.*, not for 127\.0\.0\.1/,
    inside: ['QUIT'],
  },
  {
    name: 'rejects the login',
    gateway: { ...AUTH, onSecure: { ...INSIDE, AUTH: '535 5.7.8 cDpzQHMvdyVyZC1TM0NSRVQ= is wrong' } },
    why: /answered AUTH inside TLS with 535/,
    inside: ['EHLO', 'AUTH', 'QUIT'],
  },
  {
    name: 'offers no AUTH',
    gateway: { ...AUTH, onSecure: { ...INSIDE, EHLO: ['250-gw', '250 8BITMIME'] } },
    why: /does not offer AUTH, but a user and password are set for it/,
    inside: ['EHLO', 'QUIT'],
  },
  {
    name: 'wants a login that is not set',
    gateways: (port) => `relay=${gatewayUrl(port, { login: false })}`,
    why: /answered MAIL inside TLS with 530/,
    inside: ['EHLO', 'MAIL'],
  },
  {
    name: 'is not there',
    gateways: () => 'relay=smtp://user:pass@127.0.0.1:1',
    why: /could not be reached/,
  },
  {
    name: 'is not in the settings',
    gateways: (port) => `other=${gatewayUrl(port)}`,
    why: /relay is not in \[gateways\] of enforce-tls\.ini on this server: add relay=/,
  },
  {
    name: 'needs a trust that is not in the settings',
    gateways: (port) => `relay=${gatewayUrl(port)}?trust=partners`,
    why: /trust \\?"partners\\?" of rule .* cannot be used: does not exist; add the section \[trust:partners\]/,
  },
  {
    name: 'says what is no SMTP',
    gateway: { ...AUTH, onSecure: { ...INSIDE, MAIL: 'hello there' } },
    why: /sent something other than SMTP inside TLS/,
    inside: ['EHLO', 'AUTH', 'EHLO', 'MAIL'],
  },
]

for (const action of [undefined, VIA]) {
  describe(
    action ? 'all mail goes through a gateway' : 'what failed goes through a gateway',
    { concurrency: 4 },
    () => {
      for (const { name, why, inside = [], ...options } of ROWS) {
        it(`that ${name}: the message waits, and the bounce in the end says so`, async () => {
          await using scene = await startRerouteScene({
            ...options,
            ...(action ? { action } : {}),
            logLevel: 'protocol',
            intervals: '5s',
          })
          await scene.send()
          await scene.haraka.waitForLog(/outcome .*result=deferred/)
          await scene.haraka.waitForQueue(1)
          assert.equal(scene.acme.messages.length, 0)
          const text = await scene.bounceText()
          await scene.haraka.waitForEmptyQueue()
          assert.match(text, why)
          assert.match(
            text,
            action
              ? /^Your message to cfo@bank\.example was not sent, because the gateway that it has to go through /
              : /^Your message to cfo@bank\.example was not sent, because their mail server cannot receive it encrypted\. It could not go through a gateway instead\. .* The receiving server mx\.bank\.example of bank\.example could not establish a TLS connection\. .* It was to go through the gateway "relay"/,
          )
          assert.equal(scene.bank.connections.length, action ? 0 : 2)
          assert.deepEqual(scene.gateway.cleartextAfterEhlo(), [])
          assert.deepEqual(scene.verbs('tls'), [...inside, ...inside])
          assert.equal(scene.gateway.messages.length, 0)
          const shown = scene.haraka.log + (scene.acme.messages[0]?.data ?? '')
          for (const form of PASSWORD_FORMS) assert.ok(!shown.includes(form), `${form} is shown`)
        })
      }
    },
  )
}

it('a gateway that repeats the login in its replies: it is in no log, bounce or list', async () => {
  const echo = PASSWORD_FORMS.filter((form) => form !== 'S3CRET').join(' ')
  await using scene = await startRerouteScene({
    action: VIA,
    gateway: {
      ...AUTH,
      onSecure: {
        ...INSIDE,
        EHLO: ['250-gw.relay.example', `250-X-SAID ${echo}`, '250 AUTH PLAIN LOGIN'],
        MAIL: `250 2.1.0 ${echo}`,
      },
      rcptReplies: { 'cfo@bank.example': `550 5.1.1 ${echo}`, 'desk@bank.example': `450 4.2.1 ${echo}` },
    },
    ini: '[failure]\nbounce_content=full\n',
    logLevel: 'protocol',
    intervals: '1h',
  })
  await scene.send({ to: ['cfo@bank.example', 'desk@bank.example'] })
  await scene.bounceText()
  await scene.haraka.waitForQueue(1)
  await scene.gateway.behave({ on: { STARTTLS: `454 4.7.0 ${echo}` } })
  await scene.send({ to: 'third@bank.example' })
  await scene.haraka.waitForLog(/answered STARTTLS with 454/)
  await scene.haraka.waitForQueue(2)
  const shown = scene.haraka.log + (scene.acme.messages[0]?.data ?? '')
  assert.match(shown, /\[removed\]/)
  for (const form of PASSWORD_FORMS) assert.ok(!shown.includes(form), `${form} is shown`)
})

it('pins of the partner are not for the gateway', async () => {
  const pinned = await selfSigned({ dnsNames: ['mx.bank.example'] })
  await using scene = await startRerouteScene({
    action: {
      level: 'fingerprint',
      fingerprints: [fingerprints(pinned.cert).certificate],
      onFailure: 'reroute',
      via: 'relay',
    },
    bank: {},
  })
  await scene.send()
  const [message] = await scene.gateway.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  assert.ok(message?.tls)
  await scene.haraka.waitForLog(/outcome .*result=rerouted .*class=fingerprint-mismatch/)
})
