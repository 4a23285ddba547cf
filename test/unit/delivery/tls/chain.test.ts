import 'reflect-metadata'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { webcrypto, type X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { before, describe, it } from 'node:test'
import { connect, createServer } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { Authorities, chainError } from '../../../../plugins/enforce-tls/delivery/tls/chain.js'
import { judgeObserved } from '../../../../plugins/enforce-tls/observe/judge-observed.js'
import { atOnce } from '../../../../plugins/enforce-tls/work/pieces.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000
const NOW = Date.now()

interface Issued {
  readonly certificate: x509.X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
}

interface Wanted {
  readonly name: string
  readonly by?: Issued
  readonly ca?: boolean
  readonly purpose?: x509.ExtendedKeyUsage
  readonly until?: number
}

async function issue({ name, by, ca = true, purpose, until = NOW + 10 * DAY }: Wanted): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: String(10 + Math.floor(Math.random() * 80)),
    subject: `CN=${name}`,
    issuer: by?.certificate.subject ?? `CN=${name}`,
    notBefore: new Date(NOW - 10 * DAY),
    notAfter: new Date(until),
    publicKey: keys.publicKey,
    signingKey: (by ?? { keys }).keys.privateKey,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(purpose === undefined ? [] : [new x509.ExtendedKeyUsageExtension([purpose])]),
      ...(ca ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'mx.bank.example' }])]),
    ],
  })
  return { certificate, keys }
}

const pem = ({ certificate }: Issued) => certificate.toString('pem')

/** The certificate as a client gets it, with the chain that the server sent. */
async function shown(leaf: Issued, ...others: readonly Issued[]): Promise<X509Certificate> {
  const key = await webcrypto.subtle.exportKey('pkcs8', leaf.keys.privateKey)
  const server = createServer({
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    cert: [leaf, ...others].map(pem).join('\n'),
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()
  socket.destroy()
  server.close()
  assert.ok(certificate)
  return certificate
}

describe('a chain that a server has shown', () => {
  let root: Issued
  let middle: Issued
  let leaf: Issued
  const trusting = (...anchors: readonly Issued[]) =>
    atOnce(Authorities.reading([`${anchors.map(pem).join('\n')}\nnot a certificate`]))
  before(async () => {
    root = await issue({ name: 'Root' })
    middle = await issue({ name: 'Middle', by: root })
    leaf = await issue({ name: 'Leaf', by: middle, ca: false, purpose: x509.ExtendedKeyUsage.serverAuth })
  })

  it('is trusted where each link holds, whatever the handshake knew of the authority', async () => {
    const certificate = await shown(leaf, middle)
    for (const found of ['', null, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN'])
      assert.equal(chainError(certificate, found, trusting(root), NOW), '', String(found))
    assert.equal(chainError(certificate, '', trusting(middle), NOW), '', 'an authority in the middle')
    assert.equal(chainError(certificate, null, trusting(leaf), NOW), '', 'the certificate itself')
  })

  it('is unknown where the handshake saw what is not looked at here', async () => {
    const certificate = await shown(leaf, middle)
    assert.equal(chainError(certificate, 'CA_MD_TOO_WEAK', trusting(root), NOW), null)
  })

  it('is not trusted without its authority, or without a link', async () => {
    const other = await issue({ name: 'Root' })
    assert.equal(
      chainError(await shown(leaf, middle), null, trusting(other), NOW),
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'an authority of the same name',
    )
    assert.equal(
      chainError(await shown(leaf, middle, root), null, trusting(other), NOW),
      'SELF_SIGNED_CERT_IN_CHAIN',
    )
    assert.equal(
      chainError(await shown(leaf), null, trusting(root), NOW),
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    )
    const own = await issue({ name: 'Own', ca: false })
    assert.equal(chainError(await shown(own), null, trusting(root), NOW), 'DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  it('is not trusted where a link may not sign, is out of date, or is for something else', async () => {
    const noCa = await issue({ name: 'Middle', by: root, ca: false })
    const below = await issue({ name: 'Below', by: noCa, ca: false })
    assert.equal(chainError(await shown(below, noCa), '', trusting(root), NOW), 'INVALID_CA')
    const old = await issue({ name: 'Middle', by: root, until: NOW - DAY })
    const ofOld = await issue({ name: 'Of old', by: old, ca: false })
    assert.equal(chainError(await shown(ofOld, old), null, trusting(root), NOW), 'CERT_HAS_EXPIRED')
    const mail = await issue({
      name: 'Mail',
      by: root,
      ca: false,
      purpose: x509.ExtendedKeyUsage.emailProtection,
    })
    assert.equal(chainError(await shown(mail), null, trusting(root), NOW), 'INVALID_PURPOSE')
  })

  it('that can not be judged makes nothing of a message known, unless its name is wrong anyway', async () => {
    const certificate = await shown(leaf, middle)
    const session = {
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      certificate,
      resumed: false,
      reused: false,
      handshakeTime: 0,
    }
    const verdict = (host: string) =>
      judgeObserved(
        requirementOf({ level: 'verify' }, 'bank.example', { owner: '*', id: 'r1', name: 'x' }),
        { host, port: 25, mx: null, offered: null, tls: { session, found: 'CA_MD_TOO_WEAK' } },
        true,
        { minVersion: 'TLSv1.2', limited: false, authorities: trusting(root), defers: false, now: NOW },
      ).result
    assert.equal(verdict('mx.bank.example'), 'unknown')
    assert.equal(verdict('mx.other.example'), 'would-bounce')
  })
})
