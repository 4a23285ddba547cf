/** MTA-STS over Debian's servers: TXT records and addresses from NSD and Unbound, policies from nginx. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DnsClient } from '../../plugins/enforce-tls/dns/client.js'
import { policyFetcher } from '../../plugins/enforce-tls/published/mta-sts/policy-fetch.js'
import { MemoryPolicyStore } from '../../plugins/enforce-tls/published/mta-sts/policy-store.js'
import { StsPolicies, type StsAnswer } from '../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { makeAuthority } from '../support/certificates.js'
import { packagesMissing } from '../support/debian-package.js'
import { PolicyNginx, type PolicySite } from '../support/policy-nginx.js'
import { POLICY } from '../support/policy-server.js'
import { SignedZones, type SignedZone } from '../support/signed-zones.js'

const HERE = `
_mta-sts TXT "v=STSv1; " "id=1;"
mta-sts A 127.0.0.1
`

type Row = Partial<Pick<SignedZone, 'records' | 'signed'>> &
  Partial<Pick<PolicySite, 'text' | 'directives'>> & {
    /** Of the certificate. @default the policy host */
    readonly named?: string
    /** The kind of the answer, and what else it says. */
    readonly is: StsAnswer['kind']
    readonly says?: RegExp
  }

const ROWS: Readonly<Record<string, Row>> = {
  good: { is: 'policy' },
  unsigned: { signed: 'no', is: 'policy' },
  alias: { records: '_mta-sts CNAME _mta-sts.good.\nmta-sts A 127.0.0.1', is: 'policy' },
  crlf: { text: POLICY.replaceAll('\n', '\r\n'), is: 'policy' },
  charset: { directives: 'charset utf-8; types { } default_type text/plain;', is: 'policy' },
  nothing: { records: 'www A 127.0.0.1', is: 'none' },
  twice: { records: `${HERE}_mta-sts TXT "v=STSv1; id=2"`, is: 'none', says: /has 2 TXT records/ },
  bogus: { signed: 'expired', is: 'unknown', says: /TXT _mta-sts\.bogus failed: .*SERVFAIL/ },
  nohost: { records: '_mta-sts TXT "v=STSv1; id=1"', is: 'unknown', says: /mta-sts\.nohost has no address/ },
  redirected: {
    directives: 'return 301 https://mta-sts.good$request_uri;',
    is: 'unknown',
    says: /redirects \(301\)/,
  },
  missing: { text: null, is: 'unknown', says: /answers with status 404/ },
  html: {
    directives: 'types { } default_type text/html;',
    is: 'unknown',
    says: /sends "text\/html", not text\/plain/,
  },
  huge: { text: 'x'.repeat(200_000), is: 'unknown', says: /sends more than 64 KB/ },
  hangsup: { directives: 'return 444;', is: 'unknown', says: /breaks the connection off/ },
  typo: {
    text: POLICY.replace('mx:', 'nmx:'),
    is: 'unknown',
    says: /did you mean "mx"\?; there is no valid mx/,
  },
  misnamed: { named: 'mta-sts.good', is: 'unknown', says: /has a certificate for other names/ },
}

const missing = packagesMissing('web') || packagesMissing('dns')

describe('MTA-STS over real servers', { skip: missing }, () => {
  const servers: AsyncDisposable[] = []
  let policies: StsPolicies

  before(async () => {
    const authority = await makeAuthority('Policy CA')
    const all = Object.entries(ROWS)
    const zones = await SignedZones.start(
      all.map(([name, { records = HERE, signed = 'nsec' }]) => ({ name, records, signed })),
    )
    servers.push(zones)
    const sites = all.map(async ([domain, { text = POLICY, directives = '', named }]) => {
      const certificate = await authority.issue({ dnsNames: [named ?? `mta-sts.${domain}`] })
      return { domain, certificate, text, directives }
    })
    const nginx = await PolicyNginx.start(await Promise.all(sites))
    servers.push(nginx)
    const dns = new DnsClient([await zones.resolver('validating')])
    policies = new StsPolicies({
      dns,
      fetchPolicy: policyFetcher({ dns, ca: [authority.cert], allowPrivate: true, port: nginx.port }),
      store: new MemoryPolicyStore(),
      onStoreFailure: (why) => assert.fail(why),
    })
  })
  after(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
  })

  for (const [domain, { is, says }] of Object.entries(ROWS))
    it(`${domain} is ${is}`, async () => {
      const answer = await policies.policyOf(domain)
      assert.equal(answer.kind, is, JSON.stringify(answer))
      if (answer.kind === 'policy') assert.deepEqual([answer.id, answer.mx], ['1', ['mx.bank.example']])
      else assert.match(answer.why, says ?? /^$/)
    })
})
