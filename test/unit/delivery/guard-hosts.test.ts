/** A guarded item and what servers do: what Haraka is told, and with which status code. */
import { describe, it } from 'node:test'
import { cut, injectInNextPacket, silence, tlsAlert } from '../../support/peer-steps.js'
import { assertEnds, BOUNCED, DEFERRED, DELIVERED, type HostRow } from './host-row.js'

const NO_TLS = { starttls: false }
const LATER = { on: { STARTTLS: '454 4.7.0 TLS not available' } }
const SAID_NO = { on: { STARTTLS: '554 5.7.0 no' } }
const ALERT = { on: { handshake: tlsAlert(40) } }
const BUSY = { on: { connect: '421 4.3.2 busy' } }
const CLOSED = { on: { connect: '554 5.3.2 no mail here' } }

const ONE_HOST: readonly HostRow[] = [
  {
    what: 'does as it is asked',
    options: {},
    told: DELIVERED,
    status: '',
    seen: ['mx1 ok', 'delivered ok no status'],
  },
  {
    what: 'offers no STARTTLS',
    options: { hosts: [NO_TLS] },
    told: BOUNCED,
    status: 'failed 5.7.4 mx1',
    seen: ['mx1 starttls-not-supported', 'bounced starttls-not-supported 5.7.4'],
  },
  {
    what: 'does not know EHLO',
    options: { hosts: [{ on: { EHLO: '500 5.5.1 what?' } }] },
    told: BOUNCED,
    status: 'failed 5.7.4 mx1',
    seen: ['mx1 starttls-not-supported', 'bounced starttls-not-supported 5.7.4'],
  },
  {
    what: 'answers STARTTLS with 4yz',
    options: { hosts: [LATER] },
    told: DEFERRED,
    status: 'delayed 4.7.4 mx1',
    seen: ['mx1 starttls-deferred', 'deferred starttls-deferred 4.7.4'],
  },
  {
    what: 'answers STARTTLS with 5yz',
    options: { hosts: [SAID_NO] },
    told: BOUNCED,
    status: 'failed 5.7.4 mx1',
    seen: ['mx1 starttls-refused', 'bounced starttls-refused 5.7.4'],
  },
  {
    what: 'answers the handshake with an alert',
    options: { hosts: [ALERT] },
    told: BOUNCED,
    status: 'failed 5.7.5 mx1',
    seen: ['mx1 handshake-failure', 'bounced handshake-failure 5.7.5'],
  },
  {
    what: 'cuts the handshake off',
    options: { hosts: [{ on: { handshake: cut } }] },
    told: DEFERRED,
    status: 'delayed 4.7.5 mx1',
    seen: ['mx1 handshake-failure', 'deferred handshake-failure 4.7.5'],
  },
  {
    what: 'is silent in the handshake for longer than it may take',
    options: { hosts: [{ on: { handshake: silence } }], replyTimeout: 100 },
    told: BOUNCED,
    status: 'failed 5.7.5 mx1',
    seen: ['mx1 handshake-failure', 'bounced handshake-failure 5.7.5'],
  },
  {
    what: 'injects a reply behind its agreement to STARTTLS',
    options: { hosts: [{ on: { STARTTLS: '220 go\r\n250 smuggled' } }] },
    told: BOUNCED,
    status: 'failed 5.7.5 mx1',
    seen: ['mx1 starttls-injection', 'bounced starttls-injection 5.7.5'],
  },
  {
    what: 'injects bytes in a packet of their own',
    options: { hosts: [{ on: { STARTTLS: injectInNextPacket('250 smuggled\r\n', 0) } }] },
    told: BOUNCED,
    status: 'failed 5.7.5 mx1',
    seen: ['mx1 starttls-injection', 'bounced starttls-injection 5.7.5'],
  },
  {
    what: 'greets with 4yz, for which TLS is not to blame',
    options: { hosts: [BUSY] },
    told: DEFERRED,
    status: 'delayed 4.3.2 mx1',
    seen: ['mx1 not TLS', 'deferred ok 4.3.2'],
  },
  {
    what: 'greets with 5yz, for which TLS is not to blame',
    options: { hosts: [CLOSED] },
    told: ['bounce', 'bounce about no TLS reason, to ann@acme.example', 'file removed', 'next'],
    status: 'failed 5.3.2 mx1',
    seen: ['mx1 not TLS', 'bounced ok 5.3.2'],
  },
  {
    what: 'can not be connected to',
    options: { hosts: ['down'] },
    told: DEFERRED,
    status: 'delayed 4.4.1 mx1',
    seen: ['mx1 not TLS', 'deferred ok 4.4.1'],
  },
  {
    what: 'is to be reached from an address that is none, which Node.js throws at',
    options: { hosts: ['bad bind'] },
    told: DEFERRED,
    status: 'delayed 4.4.4 mx1',
    seen: ['mx1 not TLS', 'deferred ok 4.4.4'],
  },
  {
    what: 'closes before it has answered EHLO inside TLS, which may be the network or the client certificate',
    options: { hosts: [{ onSecure: { EHLO: cut } }] },
    told: DEFERRED,
    status: 'delayed 4.7.5 mx1',
    seen: ['mx1 handshake-failure', 'deferred handshake-failure 4.7.5'],
  },
  {
    what: 'closes at MAIL inside TLS, for which TLS is not to blame',
    options: { hosts: [{ onSecure: { MAIL: cut } }] },
    told: ['MAIL mx1 over TLS', ...DEFERRED],
    status: 'delayed 4.4.2 mx1',
    seen: ['mx1 not TLS', 'deferred ok 4.4.2'],
  },
  {
    what: 'refuses the sender inside TLS, in words that may quote the message',
    options: { hosts: [{ onSecure: { MAIL: '550 5.7.1 not you' } }] },
    told: [
      'MAIL mx1 over TLS',
      'bounce',
      'bounce about no TLS reason, may quote, to ann@acme.example',
      'file removed',
      'next',
    ],
    status: 'failed 5.7.1',
    seen: ['mx1 ok', 'bounced ok 5.7.1'],
  },
]

const SEVERAL_HOSTS: readonly HostRow[] = [
  {
    what: 'the first has no TLS, the second has',
    options: { hosts: [NO_TLS, {}] },
    told: ['connect mx2', 'MAIL mx2 over TLS', 'delivered 1/0/0', 'file removed', 'next'],
    status: '',
    seen: ['mx1 starttls-not-supported', 'mx2 ok', 'delivered ok no status'],
  },
  {
    what: 'the first is down, the second has TLS',
    options: { hosts: ['down', {}] },
    told: ['connect mx2', 'MAIL mx2 over TLS', 'delivered 1/0/0', 'file removed', 'next'],
    status: '',
    seen: ['mx1 not TLS', 'mx2 ok', 'delivered ok no status'],
  },
  {
    what: 'none has TLS: the last one is named',
    options: { hosts: [SAID_NO, NO_TLS] },
    told: ['connect mx2', ...BOUNCED],
    status: 'failed 5.7.4 mx2',
    seen: ['mx1 starttls-refused', 'mx2 starttls-not-supported', 'bounced starttls-not-supported 5.7.4'],
  },
  {
    what: 'one has no TLS and one is down, so another try may end otherwise: the TLS reason is named',
    options: { hosts: [NO_TLS, 'down'] },
    told: ['connect mx2', ...DEFERRED],
    status: 'delayed 5.7.4 mx1',
    seen: ['mx1 starttls-not-supported', 'mx2 not TLS', 'deferred starttls-not-supported 5.7.4'],
  },
  {
    what: 'one has no TLS and one has no address',
    options: { hosts: [NO_TLS, 'no address'] },
    told: DEFERRED,
    status: 'delayed 5.7.4 mx1',
    seen: ['mx2 not TLS', 'mx1 starttls-not-supported', 'deferred starttls-not-supported 5.7.4'],
  },
]

describe('what Haraka is told when the only server', () => {
  for (const row of ONE_HOST) it(row.what, () => assertEnds(row))
})

describe('what Haraka is told when of several servers', () => {
  for (const row of SEVERAL_HOSTS) it(row.what, () => assertEnds(row))
})
