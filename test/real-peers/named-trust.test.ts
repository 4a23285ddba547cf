/**
 * Named trusts with Debian's Postfix as partners: each has an authority of its own, and takes mail only from those who
 * show a certificate that it knows (smtpd_tls_req_ccert).
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { packagesMissing } from '../support/debian-package.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { postfixImpossible, startPostfix } from '../support/postfix-server.js'
import type { RealPeer } from '../support/real-peer.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type Route, type SmtpPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'

const [BANK_MX, CLINIC_MX] = ['mx.bank.example', 'mx.clinic.example']
const verify = (trust?: string) => ({ level: 'verify', ...(trust === undefined ? {} : { trust }) })
/** By the recipient's domain; those of the bank's all lead to its server. */
const RULES = [
  { to: ['bank.example'], name: 'Bank', action: verify('bank') },
  { to: ['clinic.example'], name: 'Clinic', action: verify('clinic') },
  { to: ['foreign.bank.example'], name: 'Foreign', action: verify('clinic') },
  { to: ['public.bank.example'], name: 'Public', action: verify() },
  { to: ['any.bank.example'], name: 'Any', action: { level: 'encrypt' } },
  { to: ['mixed.bank.example'], name: 'Mixed', action: verify('mixed') },
  { to: ['private.public.example'], name: 'Private', action: verify('bank') },
  { to: ['public.example'], name: 'System', action: verify() },
]
const SECTIONS = `[tls]
ca=public-ca.pem
[trust:bank]
ca=bank-ca.pem
cert=bank-client.pem
key=bank-client.key
[trust:mixed]
ca=bank-ca.pem
cert=clinic-client.pem
key=clinic-client.key
[trust:clinic]
ca=clinic-ca.pem
cert=clinic-client.pem
key=clinic-client.key
`

describe('named trusts with a real Postfix', { skip: packagesMissing() || postfixImpossible() }, () => {
  let bank: RealPeer, clinic: RealPeer, open: RealPeer
  let mailbox: SmtpPeer
  let haraka: Haraka
  const opened: AsyncDisposable[] = []

  before(async () => {
    const [bankCa, clinicCa, publicCa] = await Promise.all([
      makeAuthority('Bank CA'),
      makeAuthority('Clinic CA'),
      makeAuthority('Public CA'),
    ])
    const forClients = { dnsNames: ['mail.acme.example'], clientOnly: true }
    const [bankClient, clinicClient] = [await bankCa.issue(forClients), await clinicCa.issue(forClients)]
    bank = await startPostfix({
      hostname: BANK_MX,
      certificate: await bankCa.issue({ dnsNames: [BANK_MX] }),
      clientAuthority: bankCa.cert,
    })
    opened.push(bank)
    clinic = await startPostfix({
      hostname: CLINIC_MX,
      certificate: await clinicCa.issue({ dnsNames: [CLINIC_MX] }),
      clientAuthority: clinicCa.cert,
    })
    opened.push(clinic)
    open = await startPostfix({
      hostname: 'mx.public.example',
      certificate: await publicCa.issue({ dnsNames: ['mx.public.example'] }),
    })
    opened.push(open)
    mailbox = await startPeer()
    opened.push(mailbox)
    const toBank: [string, Route[]][] = ['bank', 'foreign.bank', 'public.bank', 'any.bank', 'mixed.bank'].map(
      (name) => [`${name}.example`, [bank.route()]],
    )
    haraka = await startHaraka({
      config: {
        ...fileStoreConfig({ 'acme.example': RULES }, SECTIONS),
        'public-ca.pem': publicCa.cert,
        'bank-ca.pem': bankCa.cert,
        'bank-client.pem': bankClient.cert,
        'bank-client.key': bankClient.key,
        'clinic-ca.pem': clinicCa.cert,
        'clinic-client.pem': clinicClient.cert,
        'clinic-client.key': clinicClient.key,
      },
      routes: {
        ...Object.fromEntries(toBank),
        'clinic.example': [clinic.route()],
        'public.example': [open.route()],
        'private.public.example': [open.route()],
        'acme.example': [mailbox.route()],
      },
    })
    opened.push(haraka)
  })
  after(async () => {
    for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
  })

  const arrives = async (peer: RealPeer, recipient: string): Promise<void> => {
    await haraka.send({ from: 'ann@acme.example', to: recipient })
    const found = () => peer.received().find((mail) => mail.recipient === recipient)
    await until(() => found() !== undefined, {
      what: () => `${recipient} in the mailbox; it said\n${peer.log}`,
    })
    assert.match(found()?.tls ?? '', /^TLSv1\.[23]$/)
  }

  /** Sends a message that does not arrive, and gives the class of the failure that its bounce tells. */
  const bounces = async (recipient: string): Promise<string> => {
    const count = mailbox.messages.length
    await haraka.send({ from: 'ann@acme.example', to: recipient })
    const message = (await mailbox.waitForMessages(count + 1)).at(-1)
    return parseBounce(message?.data ?? '').recipients[0]?.['x-enforce-tls-result']?.split(' ')[0] ?? ''
  }

  /** Sends a message that the server answers with this, whatever is tried: it waits, and bounces in the end. */
  const refuses = async (recipient: string, reply: RegExp): Promise<void> => {
    const mark = haraka.mark()
    await haraka.send({ from: 'ann@acme.example', to: recipient })
    await haraka.waitForLog(reply, { after: mark })
  }

  it('each gets its mail with the certificate that it knows', async () => {
    await arrives(bank, 'cfo@bank.example')
    await arrives(clinic, 'lab@clinic.example')
    await arrives(open, 'joe@public.example')
    assert.match(bank.log, /Trusted TLS connection established from/)
  })

  it('with another trust, or with none, nothing arrives', async () => {
    assert.equal(await bounces('cfo@foreign.bank.example'), 'certificate-not-trusted')
    assert.equal(await bounces('cfo@public.bank.example'), 'certificate-not-trusted')
    // Any certificate will do for the rule, but the server wants ours.
    await refuses('cfo@any.bank.example', /421 4\.7\.1 .* No client certificate presented/)
    await refuses('cfo@mixed.bank.example', /421 4\.7\.1 .* Client certificate not trusted/)
    assert.deepEqual(
      bank.received().map(({ recipient }) => recipient),
      ['cfo@bank.example'],
    )
    assert.deepEqual(bank.mailInTheClear(), [])
  })

  it('a certificate of a public authority is not enough where a trust has one of its own', async () => {
    assert.equal(await bounces('joe@private.public.example'), 'certificate-not-trusted')
    assert.equal(open.received().length, 1)
  })
})
