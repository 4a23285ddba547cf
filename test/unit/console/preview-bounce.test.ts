/** The preview of a bounce says what the bounce itself would: name, template, code and reason. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { noMailServer } from '../../../plugins/enforce-tls/check/hosts.js'
import { hostCheck } from '../../../plugins/enforce-tls/check/host-check.js'
import type { PartnerCheck } from '../../../plugins/enforce-tls/check/types.js'
import { packagedPreview } from '../../../plugins/enforce-tls/console/preview-bounce.js'
import type { BounceTexts } from '../../../plugins/enforce-tls/delivery/bounce/compose.js'
import { parseAddress } from '../../../plugins/enforce-tls/rules/address.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { required } from '../../support/guarded-delivery.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'

const NOTHING_FOUND: PartnerCheck = {
  domain: 'bank.example',
  recipient: 'cfo@bank.example',
  ...{ level: 'encrypt', requirement: required(), decidedBy: [], verdict: 'bounced', reason: '', hosts: [] },
  ...{ dane: null, mtaSts: null, tlsReports: null, levels: [], remarks: [], checkedAt: '' },
}

function addressOf(text: string) {
  const parsed = parseAddress(text)
  assert.ok(!('problem' in parsed))
  return parsed.address
}

function previewOf(found: Partial<PartnerCheck>, folder: string | null = null): Promise<BounceTexts> {
  return packagedPreview(
    {
      sender: addressOf('ann@acme.example'),
      recipient: addressOf('cfo@bank.example'),
      ...{ requirement: required(), header: '', help: { contact: null, link: null, language: null } },
      check: { ...NOTHING_FOUND, ...found },
    },
    toSettings({}),
    folder,
  )
}

describe('the preview of a bounce', () => {
  it('where there is no mail server has the code and the words that Haraka gives', async () => {
    const found = noMailServer('bank.example')
    assert.ok('failure' in found && found.bounces)
    const { text } = await previewOf({ noHost: { status: '5.1.2', reason: found.bounces } })
    assert.match(text, /Nowhere to deliver mail to for\s+domain: bank\.example/)
    assert.match(text, /5\.1\.2/)
    assert.doesNotMatch(text, /5\.0\.0/)
  })

  it('of a server that refused has its code and its words', async () => {
    const failure = {
      ...{
        class: null,
        temporary: false,
        detail: 'answered the connection with 554 5.3.2 no',
        status: '5.3.2',
      },
      reply: { code: 554, text: '5.3.2 no' },
    }
    const host = hostCheck({ host: 'mx.bank.example', priority: 1, to: '192.0.2.25:25', failure })
    const { text } = await previewOf({ hosts: [host] })
    assert.match(text, /their mail\s+server rejected it/)
    assert.match(text, /554 5\.3\.2/)
    const mail = { asked: 'MAIL FROM:<>', answered: '250 ok' }
    const quoting = await previewOf({ hosts: [{ ...host, dialogue: [mail] }] })
    assert.match(
      quoting.text.replace(/\s+/g, ' '),
      /the receiving server answered 554 5\.3\.2; its text is left out/,
    )
  })

  it('of what waits first says that it was tried several times', async () => {
    const failure = {
      class: 'starttls-deferred',
      temporary: true,
      detail: 'answered 454',
      status: '4.7.4',
    } as const
    const hosts = [hostCheck({ host: 'mx.bank.example', priority: 1, to: '192.0.2.25:25', failure })]
    assert.match((await previewOf({ hosts, verdict: 'waits' })).text, /It was tried\s+several times/)
  })

  it('is of the Haraka in the folder', async () => {
    const folder = new TemporaryFolder('preview')
    const config = path.join(folder.path, 'config')
    mkdirSync(config)
    writeFileSync(path.join(config, 'me'), 'mail.acme.example\n')
    const hosts = [
      hostCheck({
        ...{ host: 'mx.bank.example', priority: 1, to: '192.0.2.25:25' },
        failure: { class: 'starttls-not-supported', temporary: false, detail: 'has no TLS', status: '5.7.4' },
      }),
    ]
    assert.match((await previewOf({ hosts }, folder.path)).text, /our mail server mail\.acme\.example/)
    writeFileSync(
      path.join(config, 'enforce-tls.bounce_message'),
      'Subject: Ours\n\nOur own words for {domain}\n',
    )
    const { subject, text } = await previewOf({ hosts }, folder.path)
    folder.close()
    assert.equal(subject, 'Ours')
    assert.match(text, /Our own words for bank\.example/)
  })
})
