/** What was verified of a server that is held to what is published, and what a policy in testing makes of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loggedSession, testedBy } from '../../../../plugins/enforce-tls/delivery/tls/certificate.js'
import { issue } from '../../../support/chains.js'
import { atHost, daneDemand, stsPolicy } from '../../../support/held.js'

const HOST = 'mx.bank.example'
const server = issue({ name: 'mx', ca: false, names: [HOST] })

describe('the log line of Haraka about a session', () => {
  it('says that nothing was verified because nothing is published, not that the level takes any certificate', () => {
    const requirement = atHost({ level: 'dane', otherwise: 'encrypt' }, { nothing: 'has no\r\nTLSA records' })
    assert.deepEqual(loggedSession(requirement, undefined), {
      verified: 'false',
      why: 'not verified, because nothing that counts is published: the server has no TLSA records',
      certificate: {},
    })
  })

  it('says that it was verified by what is published', () => {
    for (const held of [{ dane: daneDemand() }, { sts: stsPolicy('enforce', [HOST]) }]) {
      const { verified, why } = loggedSession(atHost({ level: 'published' }, held), undefined)
      assert.deepEqual([verified, why], [true, undefined])
    }
  })
})

describe('a policy in testing', () => {
  const lists = atHost({ level: 'mta-sts', otherwise: 'encrypt' }, { testing: stsPolicy('testing', [HOST]) })

  for (const [what, chainError, host, says] of [
    ['would be content', '', HOST, 'pass'],
    ['wants a trusted certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', HOST, 'certificate-not-trusted'],
    ['lists other hosts', '', 'mx2.bank.example', 'mx-not-listed'],
    ['lists no addresses', '', '192.0.2.1', 'mx-not-listed'],
  ] as const)
    it(what, async () => {
      const { node: certificate } = await server
      const { tested } = testedBy({ certificate, chainError }, lists, host)
      assert.equal(tested && (tested.failure?.class ?? 'pass'), says)
    })

  it('wants the name of the host in the certificate', async () => {
    const { node: certificate } = await server
    const wide = { testing: stsPolicy('testing', ['*.bank.example']) }
    const requirement = atHost({ level: 'mta-sts', otherwise: 'encrypt' }, wide)
    const { tested } = testedBy({ certificate, chainError: '' }, requirement, 'mx9.bank.example')
    assert.equal(tested?.failure?.class, 'certificate-host-mismatch')
  })

  it('says nothing of a session that was not seen, nor where there is none', async () => {
    const { node: certificate } = await server
    assert.deepEqual(testedBy(null, lists, HOST), {})
    assert.deepEqual(testedBy({ certificate, chainError: '' }, atHost({ level: 'dane' }, {}), HOST), {})
  })
})
