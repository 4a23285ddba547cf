import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { requirementOfAction } from '../../plugins/enforce-tls/rules/requirement.js'
import type { PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { repositoryRoot } from '../support/repository.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const DIST = join(repositoryRoot(), 'dist/plugins/enforce-tls')

/** Source of a plugin that asks, inside Haraka, about these hosts, and logs the answers. */
function asksAbout(questions: readonly object[]): string {
  return `
const { Enforcer } = require(${JSON.stringify(join(DIST, 'plugin.js'))})
exports.hook_init_master = function (next) {
  const enforcer = new Enforcer(this, process.env.HARAKA + '/config')
  Promise.all(${JSON.stringify(questions)}.map((question) => enforcer.checkPartner(question))).then(
    (checks) => this.lognotice('CHECKS ' + JSON.stringify(checks) + ' END'),
    (error) => this.lognotice('CHECKS failed ' + error.stack + ' END'),
  )
  next()
}
`
}

it('inside Haraka, a check goes by the settings that Haraka has read', async () => {
  const authority = await makeAuthority('Test CA')
  const own = await authority.issue({ dnsNames: ['bank.example'] })
  await using bank = await startPeer({ tls: own })
  await using plain = await startPeer({ starttls: false })
  const question = (domain: string, port: number) => ({
    domain,
    mx: { host: '127.0.0.1', port },
    requirement: requirementOfAction({ level: 'secure' }, domain),
  })
  await using haraka = await startHaraka({
    config: trustingConfig(authority, {}),
    extraPlugins: {
      asks: asksAbout([
        question('bank.example', bank.port),
        question('other.example', bank.port),
        question('plain.example', plain.port),
        { ...question('nowhere.invalid', 0), mx: undefined },
      ]),
    },
    plugins: ['test-relay', 'test-routes', 'enforce-tls', 'asks'],
  })
  const [, json = ''] = await haraka.waitForLog(/CHECKS (.*) END/, { after: 0 })
  const checks = JSON.parse(json) as PartnerCheck[]
  assert.deepEqual(
    checks
      .slice(0, 3)
      .map(({ domain, verdict, hosts }) => [domain, verdict, hosts[0]?.failure?.class ?? null]),
    [
      ['bank.example', 'delivered', null],
      ['other.example', 'bounced', 'certificate-host-mismatch'],
      ['plain.example', 'bounced', 'starttls-not-supported'],
    ],
  )
  assert.notEqual(checks[3]?.verdict, 'delivered')
  const [hello] = bank.connections[0]?.commands ?? []
  assert.equal(hello?.line, 'EHLO mta.test.example\r\n')
})
