/** A guarded item and the certificates of servers: which of them fulfils which level. */
import { describe, it } from 'node:test'
import type { FailureClass } from '../../../plugins/enforce-tls/delivery/failure-classes.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import {
  fingerprints,
  makeAuthority,
  selfSigned,
  validity,
  type KeyAndCertificate,
  type LeafOptions,
} from '../../support/certificates.js'
import { assertEnds, BOUNCED, DELIVERED } from './host-row.js'

describe('what Haraka is told when a certificate', () => {
  const authority = makeAuthority('Test authority')
  const stranger = makeAuthority('Unknown authority')
  const issued = async (from: typeof authority, options: LeafOptions) => (await from).issue(options)
  const NAMED = { dnsNames: ['mx1.bank.example'] }
  const OF_DOMAIN = { dnsNames: ['bank.example'] }
  const good = issued(authority, NAMED)
  const rows: readonly (readonly [
    what: string,
    action: (certificate: KeyAndCertificate) => RelayWithTls,
    certificate: Promise<KeyAndCertificate>,
    failure: FailureClass | null,
  ])[] = [
    ["is anybody's, at encrypt", encrypt, issued(stranger, { dnsNames: ['other.example'] }), null],
    ['is good, at verify', verify, good, null],
    ['is of an unknown authority, at verify', verify, issued(stranger, NAMED), 'certificate-not-trusted'],
    ['is its own authority, at verify', verify, selfSigned(NAMED), 'certificate-not-trusted'],
    [
      'has expired, at verify',
      verify,
      issued(authority, { ...NAMED, ...validity.expired() }),
      'certificate-expired',
    ],
    ['names another host, at verify', verify, issued(authority, OF_DOMAIN), 'certificate-host-mismatch'],
    ['names the domain, at secure', secure, issued(authority, OF_DOMAIN), null],
    [
      'names another domain, at secure',
      secure,
      issued(authority, { dnsNames: ['mx1.bnak.example'] }),
      'certificate-host-mismatch',
    ],
    ['is listed, at fingerprint', ({ cert }) => pinned(cert), good, null],
    ['is not listed, at fingerprint', () => pinned(null), good, 'fingerprint-mismatch'],
  ]
  for (const [what, action, certificate, failure] of rows)
    it(what, async () => {
      const tls = await certificate
      await assertEnds({
        what,
        options: { hosts: [{ tls }], ca: (await authority).cert, action: action(tls) },
        told: failure === null ? DELIVERED : BOUNCED,
        status: failure === null ? '' : 'failed 5.7.5 mx1',
        seen:
          failure === null
            ? ['mx1 ok', 'delivered ok no status']
            : [`mx1 ${failure}`, `bounced ${failure} 5.7.5`],
      })
    })
})

function encrypt(): RelayWithTls {
  return { level: 'encrypt' }
}

function verify(): RelayWithTls {
  return { level: 'verify' }
}

function secure(): RelayWithTls {
  return { level: 'secure' }
}

/** @param cert `null` for another one */
function pinned(cert: string | null): RelayWithTls {
  const fingerprint = cert === null ? 'AA:'.repeat(31).concat('AA') : fingerprints(cert).publicKey
  return { level: 'fingerprint', fingerprints: [fingerprint] }
}
