/**
 * A message with REQUIRETLS on its way through three Harakas with this plugin: submission, relay and the recipients' own.
 * Where one link has no TLS, no REQUIRETLS or a bad certificate, it comes back with the code of RFC 8689, and nothing of it
 * has passed that link.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import type { Routes } from '../support/haraka-folder.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type Route, type SmtpPeer } from '../support/smtp-peer.js'

describe('a chain of three', () => {
  const closing: AsyncDisposable[] = []
  const add = <T extends AsyncDisposable>(each: T): T => {
    closing.push(each)
    return each
  }
  let submission: Haraka
  let relay: Haraka
  let final: Haraka
  /** The recipients' mailboxes, which know nothing of REQUIRETLS. */
  let mailbox: SmtpPeer
  /** Of senders whose server offers REQUIRETLS, and of those whose server does not. */
  let sealed: SmtpPeer
  let open: SmtpPeer
  let broken: Readonly<Record<'no-tls' | 'plain' | 'down', SmtpPeer>>

  before(async () => {
    const authority = await makeAuthority('Test CA')
    const start = async (name: string, routes: Routes): Promise<Haraka> => {
      const { key, cert } = await authority.issue({ dnsNames: [name] })
      return add(
        await startHaraka({
          plugins: ['tls', 'test-relay', 'test-routes', 'enforce-tls'],
          logLevel: 'protocol',
          config: {
            ...fileStoreConfig(
              {},
              '[main]\ndefer_seconds=1\n[tls]\nca=test-ca.pem\n[requiretls]\nannounce=true\n',
            ),
            'test-ca.pem': authority.cert,
            me: `${name}\n`,
            'tls.ini': '[main]\nkey=own.key\ncert=own.pem\n',
            'own.key': key,
            'own.pem': cert,
          },
          routes,
        }),
      )
    }
    const peer = async (name: string, behaviour: object): Promise<SmtpPeer> =>
      add(await startPeer({ hostname: name, ...behaviour, tls: await authority.issue({ dnsNames: [name] }) }))
    mailbox = await peer('box.bank.example', {})
    sealed = await peer('mx.sealed.example', { requiretls: 'inside TLS' })
    open = await peer('mx.open.example', {})
    broken = {
      'no-tls': await peer('mx.no-tls.example', { starttls: false }),
      plain: await peer('mx.plain.example', { requiretls: 'in the clear' }),
      down: await peer('mx.down.example', { requiretls: 'inside TLS' }),
    }
    const to = (where: { readonly port: number }, name?: string): readonly Route[] => [
      { exchange: '127.0.0.1', port: where.port, priority: 0, ...(name ? { from_dns: name } : {}) },
    ]
    const back = {
      'sealed.example': to(sealed, 'mx.sealed.example'),
      'open.example': to(open, 'mx.open.example'),
    }
    const links = {
      'no-tls.example': to(broken['no-tls'], 'mx.no-tls.example'),
      'plain.example': to(broken.plain, 'mx.plain.example'),
      'down.example': to(broken.down, 'mx.down.example'),
    }
    // An address names an internal server, such as that of the mailboxes.
    final = await start('mx.bank.example', { ...back, '*': to(mailbox) })
    relay = await start('relay.acme.example', {
      ...back,
      ...links,
      'bank.example': to(final, 'mx.bank.example'),
      'bad-certificate.example': to(final, 'mx.bad-certificate.example'),
    })
    submission = await start('out.acme.example', {
      ...back,
      'first-no-tls.example': links['no-tls.example'],
      'first-plain.example': links['plain.example'],
      'first-bad-certificate.example': to(relay, 'other.acme.example'),
      '*': to(relay, 'relay.acme.example'),
    })
  })
  after(async () => {
    for (const each of closing.reverse()) await each[Symbol.asyncDispose]()
  })

  const send = async (to: string | readonly string[], from = 'ann@sealed.example'): Promise<void> => {
    const message = { from, to, subject: 'Secret', starttls: true, requiretls: true }
    const { code, reply } = await submission.send(message)
    assert.equal(code, 250, reply)
  }
  /** How often a Haraka was told MAIL with REQUIRETLS. */
  const asked = ({ log }: Haraka): number => [...log.matchAll(/C: MAIL FROM:<\S*> REQUIRETLS/g)].length

  it('delivers, with REQUIRETLS on every link', async () => {
    await send('cfo@bank.example')
    const [message] = await mailbox.waitForMessages()
    assert.deepEqual(message?.to, ['cfo@bank.example'])
    assert.deepEqual([submission, relay, final].map(asked), [1, 1, 1])
    await relay.waitForLog(/\[enforce-tls\] outcome .*requiretls=yes/)
  })

  it('takes MAIL with the longest address there is, and hands it on', async () => {
    const { length } = mailbox.messages
    const domain = [60, 60, 52].map((octets) => 'd'.repeat(octets)).join('.')
    const address = `${'l'.repeat(64)}@${domain}.sealed.example`
    // RFC 5321 section 4.5.3.1.3, with the brackets.
    assert.equal(`<${address}>`.length, 256)
    await send('cfo@bank.example', address)
    const message = (await mailbox.waitForMessages(length + 1)).at(-1)
    assert.equal(message?.from, address)
  })

  it('keeps it on each part of a message to several recipients', async () => {
    const { length } = mailbox.messages
    const { length: before } = sealed.messages
    const counts = [submission, relay, final].map(asked)
    await send(['cfo@bank.example', 'ceo@bank.example', 'cfo@plain.example'])
    await mailbox.waitForMessages(length + 1)
    const bounce = (await sealed.waitForMessages(before + 1)).at(-1)
    assert.equal(parseBounce(bounce?.data ?? '').recipients[0]?.['status'], '5.7.30')
    await submission.waitForEmptyQueue()
    // Each domain has an item of its own from here on.
    assert.deepEqual(
      [submission, relay, final].map((each, index) => asked(each) - (counts[index] ?? 0)),
      [1, 2, 1],
    )
    for (const peer of Object.values(broken)) assert.deepEqual(peer.messages, [])
  })

  const rows = [
    ['no-tls.example', '5.7.10'],
    ['plain.example', '5.7.30'],
    ['bad-certificate.example', '5.7.10'],
    ['first-no-tls.example', '5.7.10'],
    ['first-plain.example', '5.7.30'],
    ['first-bad-certificate.example', '5.7.10'],
  ] as const
  for (const [domain, status] of rows)
    it(`returns a message to ${domain} with ${status}, and REQUIRETLS on its bounce`, async () => {
      const count = sealed.messages.length
      await send(`cfo@${domain}`)
      const bounce = (await sealed.waitForMessages(count + 1)).at(-1)
      const { recipients, returned } = parseBounce(bounce?.data ?? '')
      assert.equal(recipients[0]?.['status'], status)
      assert.ok(bounce?.requiretls)
      assert.doesNotMatch(returned?.content ?? '', /Secret|subject/i)
      for (const peer of Object.values(broken))
        assert.deepEqual([peer.messages, peer.cleartextAfterEhlo()], [[], []])
    })

  it('returns what may travel without it, where the way back has no REQUIRETLS', async () => {
    await send('cfo@plain.example', 'bob@open.example')
    const [bounce] = await open.waitForMessages()
    const data = bounce?.data ?? ''
    const { recipients, returned } = parseBounce(data)
    assert.equal(recipients[0]?.['status'], '5.7.30')
    assert.equal(bounce?.requiretls, false)
    assert.doesNotMatch(data, /cfo@|Secret/)
    assert.match(returned?.content ?? '', /^Message-ID: \S+\s*$/i)
  })

  it('keeps it over a deferral and a restart', async () => {
    await broken.down.goDown()
    await send('cfo@down.example')
    await relay.until(() => relay.queueFiles().length === 1, 'the message to wait')
    await relay.kill9()
    await relay.start()
    await broken.down.comeBack()
    const [message] = await broken.down.waitForMessages(1, 30_000)
    assert.ok(message?.requiretls)
  })
})
