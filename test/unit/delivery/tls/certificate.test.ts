import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { certificateFailure } from '../../../../plugins/enforce-tls/delivery/tls/certificate.js'
import { addUp, requirementOf, type Requirement } from '../../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../../plugins/enforce-tls/rules/rule.js'
import { fingerprints, selfSigned, type LeafOptions } from '../../../support/certificates.js'

const HOST = 'mx.bank.example'
const OTHER = Array.from({ length: 32 }, () => 'AB').join(':')

function required(action: RelayWithTls): Requirement {
  return requirementOf(action, 'bank.example', { owner: 'acme.example', id: 'r', name: 'R' })
}

const encrypt = required({ level: 'encrypt' })
const verify = required({ level: 'verify' })
const secure = required({ level: 'secure' })
const secureNamed = required({ level: 'secure', names: ['mx.provider.example', '.hosting.example'] })

async function certificate(options: LeafOptions): Promise<X509Certificate> {
  return new X509Certificate((await selfSigned(options)).cert)
}

describe('names in a certificate', () => {
  const rows: readonly (readonly [
    what: string,
    names: LeafOptions,
    verify: boolean,
    secure: boolean,
    secureNamed: boolean,
  ])[] = [
    ['the MX host', { dnsNames: [HOST] }, true, true, true],
    ['the MX host in upper case', { dnsNames: ['MX.BANK.EXAMPLE'] }, true, true, true],
    ['the MX host as its second name', { dnsNames: ['x.example', HOST] }, true, true, true],
    ['a wildcard for the MX host', { dnsNames: ['*.bank.example'] }, true, true, true],
    ['a wildcard below the MX host', { dnsNames: ['*.mx.bank.example'] }, false, true, true],
    ['a wildcard of two labels', { dnsNames: ['*.*.example'] }, false, false, false],
    ['a wildcard for a top-level domain', { dnsNames: ['*.example'] }, false, false, false],
    ['a wildcard for all', { dnsNames: ['*'] }, false, false, false],
    ['a wildcard inside a label', { dnsNames: ['m*.bank.example'] }, false, true, true],
    ['a wildcard that is not the left-most label', { dnsNames: ['mx.*.example'] }, false, false, false],
    ["the recipient's domain", { dnsNames: ['bank.example'] }, false, true, true],
    ['another host of the domain', { dnsNames: ['mx9.bank.example'] }, false, true, true],
    [
      'a domain that ends alike',
      { dnsNames: ['mx.notbank.example', 'notbank.example'] },
      false,
      false,
      false,
    ],
    ['a domain that begins alike', { dnsNames: ['mx.bank.example.net'] }, false, false, false],
    ['the MX host in the common name only', { commonName: HOST }, false, false, false],
    [
      'the MX host in the common name beside another name',
      { commonName: HOST, dnsNames: ['x.example'] },
      false,
      false,
      false,
    ],
    ['an address', { ipAddresses: ['127.0.0.1'] }, false, false, false],
    ['a listed name', { dnsNames: ['mx.provider.example'] }, false, false, true],
    [
      'a host below a name listed without a dot',
      { dnsNames: ['a.mx.provider.example'] },
      false,
      false,
      false,
    ],
    ['a host below a name listed with a dot', { dnsNames: ['mx.hosting.example'] }, false, false, true],
    ['a host far below a name listed with a dot', { dnsNames: ['a.b.hosting.example'] }, false, false, true],
    ['the name listed with a dot itself', { dnsNames: ['hosting.example'] }, false, false, false],
  ]
  for (const [what, names, byHost, byDomain, byName] of rows) {
    const word = (good: boolean) => (good ? 'fulfils' : 'does not fulfil')
    it(`${what} ${word(byHost)} verify, ${word(byDomain)} secure`, async () => {
      const identity = { certificate: await certificate(names), chainError: '' }
      const classOf = (requirement: Requirement) =>
        certificateFailure(identity, requirement, HOST)?.class ?? null
      const expected = (good: boolean) => (good ? null : 'certificate-host-mismatch')
      assert.equal(classOf(encrypt), null)
      assert.equal(classOf(verify), expected(byHost))
      assert.equal(classOf(secure), expected(byDomain))
      assert.equal(classOf(secureNamed), expected(byName))
    })
  }
})

describe('an MX host that is an address', () => {
  const rows: readonly (readonly [what: string, names: LeafOptions, host: string, good: boolean])[] = [
    ['listed as one', { ipAddresses: ['127.0.0.1'] }, '127.0.0.1', true],
    ['of IPv6, listed as one', { ipAddresses: ['::1'] }, '::1', true],
    ['listed as a name', { dnsNames: ['127.0.0.1'] }, '127.0.0.1', false],
    ['in the common name', { commonName: '127.0.0.1' }, '127.0.0.1', false],
    ['beside a certificate for another one', { ipAddresses: ['127.0.0.2'] }, '127.0.0.1', false],
    ['of localhost, beside a certificate for that name', { dnsNames: ['localhost'] }, '127.0.0.1', false],
  ]
  for (const [what, names, host, good] of rows) {
    it(`${what}: ${good ? 'fulfils' : 'does not fulfil'} verify`, async () => {
      const identity = { certificate: await certificate(names), chainError: '' }
      assert.equal(certificateFailure(identity, verify, host) === null, good)
    })
  }
})

describe('chains', () => {
  const rows: readonly (readonly [error: string, name: string, says: RegExp])[] = [
    ['CERT_HAS_EXPIRED', 'certificate-expired', /expired on \w{3} /],
    ['CERT_NOT_YET_VALID', 'certificate-not-trusted', /it is not valid yet/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-not-trusted', /it is self-signed/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate-not-trusted', /its issuer is unknown/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-not-trusted', /its issuer is unknown/],
    ['CERT_REVOKED', 'certificate-not-trusted', /it was revoked$/],
    ['UNKNOWN', 'certificate-not-trusted', /unknown/],
  ]
  for (const [chainError, name, says] of rows) {
    it(`${chainError} is ${name} at verify and secure, and nothing at encrypt`, async () => {
      const identity = { certificate: await certificate({ dnsNames: [HOST] }), chainError }
      for (const requirement of [verify, secure]) {
        const failure = certificateFailure(identity, requirement, HOST)
        assert.equal(failure?.class, name)
        assert.match(failure.detail, says)
      }
      assert.equal(certificateFailure(identity, encrypt, HOST), null)
    })
  }

  it('no certificate at all fulfils encrypt only', () => {
    const nobody = { certificate: undefined, chainError: '' }
    assert.equal(certificateFailure(nobody, encrypt, HOST), null)
    for (const requirement of [verify, secure, required({ level: 'fingerprint', fingerprints: [OTHER] })])
      assert.equal(certificateFailure(nobody, requirement, HOST)?.class, 'certificate-not-trusted')
  })
})

describe('fingerprints', () => {
  it('of the certificate or of its key, one of those listed, fulfil without any chain', async () => {
    const { cert } = await selfSigned({ dnsNames: ['x.example'] })
    const identity = { certificate: new X509Certificate(cert), chainError: 'DEPTH_ZERO_SELF_SIGNED_CERT' }
    const own = fingerprints(cert)
    for (const listed of [[own.certificate], [own.publicKey], [OTHER, own.publicKey]]) {
      const requirement = required({ level: 'fingerprint', fingerprints: listed })
      assert.equal(certificateFailure(identity, requirement, HOST), null)
    }
  })

  it('of another certificate do not, and the failure tells the one that was seen', async () => {
    const { cert } = await selfSigned({ dnsNames: [HOST] })
    const identity = { certificate: new X509Certificate(cert), chainError: '' }
    const failure = certificateFailure(
      identity,
      required({ level: 'fingerprint', fingerprints: [OTHER] }),
      HOST,
    )
    assert.equal(failure?.class, 'fingerprint-mismatch')
    assert.ok(failure.detail.includes(fingerprints(cert).certificate))
  })
})

describe('requirements of several owners', () => {
  it('must all be fulfilled: a listed fingerprint does not make up for a name', async () => {
    const { cert } = await selfSigned({ dnsNames: ['x.example'] })
    const pinned = required({ level: 'fingerprint', fingerprints: [fingerprints(cert).certificate] })
    const both = addUp(verify, pinned)
    assert.ok(both)
    const identity = { certificate: new X509Certificate(cert), chainError: '' }
    assert.equal(certificateFailure(identity, pinned, HOST), null)
    assert.equal(certificateFailure(identity, both, HOST)?.class, 'certificate-host-mismatch')
  })

  it('must all be fulfilled: a name does not make up for a fingerprint', async () => {
    const both = addUp(verify, required({ level: 'fingerprint', fingerprints: [OTHER] }))
    assert.ok(both)
    const identity = { certificate: await certificate({ dnsNames: [HOST] }), chainError: '' }
    assert.equal(certificateFailure(identity, both, HOST)?.class, 'fingerprint-mismatch')
  })

  it('must all be fulfilled: of each list of names one', async () => {
    const both = addUp(
      requirementOf({ level: 'secure', names: ['a.example'] }, 'bank.example', {
        owner: '*',
        id: 'a',
        name: 'A',
      }),
      requirementOf({ level: 'secure', names: ['b.example'] }, 'bank.example', {
        owner: 'x',
        id: 'b',
        name: 'B',
      }),
    )
    assert.ok(both)
    const seen = async (...dnsNames: string[]) =>
      certificateFailure({ certificate: await certificate({ dnsNames }), chainError: '' }, both, HOST)
        ?.class ?? null
    assert.equal(await seen('a.example'), 'certificate-host-mismatch')
    assert.equal(await seen('a.example', 'b.example'), null)
    assert.equal(await seen('bank.example'), null)
  })
})
