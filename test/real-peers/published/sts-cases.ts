/** Partners with MTA-STS as they are met in the field, right and wrong, and what becomes of mail to them. */
import type { ServerResponse } from 'node:http'
import type { Authority } from '../../support/certificates.js'
import { issue, tlsa, type Issued } from '../../support/chains.js'
import { TLSA_NAME, zoneLine } from '../../support/dane-partners.js'
import { policyFor } from '../../support/published-world.js'
import {
  all,
  delivered,
  free,
  LOOKING_UP,
  MTA_STS,
  PUBLISHED,
  waits,
  type Case,
  type Demand,
} from './case.js'

const VERIFIED = delivered('chain,host-name,mta-sts')
const BY_POLICY: readonly Demand[] = [...MTA_STS, ...PUBLISHED]
/** What a policy that is unknown comes to. */
const unknown = (name: string, says: RegExp): Case['expected'] =>
  all(BY_POLICY, waits(name, new RegExp(`^cannot be authenticated: ${says.source}`)))

function answer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body = '',
): NonNullable<Case['policy']> {
  return (response: ServerResponse) => response.writeHead(status, headers).end(body)
}

export async function stsCases(authority: Authority): Promise<Case[]> {
  const other = await issue({ name: 'Other' })
  /** One of the authority, for other names than that of the host. */
  const named = async (...names: readonly string[]): Promise<Pick<Case, 'server'>> => ({
    server: { tls: await authority.issue({ dnsNames: names }) },
  })
  const plain = (zone: string): string => policyFor(`mx.${zone}`)
  const own = async (zone: string): Promise<Issued> => issue({ name: zone, ca: false, names: [`mx.${zone}`] })
  const unlisted = await own('both-unlisted.example')
  const selfSigned = await own('half-known.example')
  return [
    {
      what: 'a policy that lists the host',
      zone: 'sts.example',
      policy: plain('sts.example'),
      expected: all(BY_POLICY, VERIFIED),
    },
    {
      what: 'an unsigned domain with a policy',
      zone: 'sts-unsigned.example',
      signed: 'no',
      policy: plain('sts-unsigned.example'),
      expected: all(BY_POLICY, VERIFIED),
    },
    {
      what: 'a host that is not trusted',
      zone: 'sts-untrusted.example',
      chain: [await own('sts-untrusted.example')],
      policy: plain('sts-untrusted.example'),
      expected: all(BY_POLICY, waits('certificate-not-trusted', /^has a certificate that is not trusted/)),
    },
    {
      what: 'a listed host without STARTTLS',
      zone: 'sts-cleartext.example',
      server: { starttls: false },
      policy: plain('sts-cleartext.example'),
      expected: all(BY_POLICY, waits('starttls-not-supported', /STARTTLS/)),
    },
    {
      what: 'an mx that is an IP address is ignored, the other counts',
      zone: 'sts-ip.example',
      policy: policyFor('192.0.2.1', 'mx.sts-ip.example'),
      expected: all(MTA_STS, VERIFIED),
    },
    {
      what: 'nmx instead of mx',
      zone: 'sts-typo.example',
      policy: plain('sts-typo.example').replace('mx:', 'nmx:'),
      expected: unknown(
        'sts-policy-invalid',
        /the MTA-STS policy of sts-typo\.example is not valid: .*did you mean "mx"\?; there is no valid mx/,
      ),
    },
    {
      what: 'a host that the policy does not list',
      zone: 'sts-unlisted.example',
      policy: policyFor('a.elsewhere.example', 'b.elsewhere.example'),
      expected: all(
        BY_POLICY,
        waits(
          'mx-not-listed',
          /^is not among the hosts that the MTA-STS policy of sts-unlisted\.example lists \(a\.elsewhere\.example, b\.elsewhere\.example\)$/,
        ),
      ),
    },
    {
      what: 'a certificate for another listed host than the one that is connected to',
      zone: 'sts-pattern.example',
      policy: policyFor('mx.sts-pattern.example', 'mx2.sts-pattern.example'),
      ...(await named('mx2.sts-pattern.example')),
      expected: all(
        BY_POLICY,
        waits(
          'certificate-host-mismatch',
          /^has a certificate for DNS:mx2\.sts-pattern\.example, not for mx\.sts-pattern\.example$/,
        ),
      ),
    },
    {
      what: 'a wildcard that lists the host',
      zone: 'sts-wildcard.example',
      hosts: ({ mx }) => ['@ MX 10 a.mx', `a.mx A ${mx}`],
      policy: policyFor('*.mx.sts-wildcard.example'),
      ...(await named('a.mx.sts-wildcard.example')),
      sni: 'a.mx.sts-wildcard.example',
      expected: all(MTA_STS, VERIFIED),
    },
    {
      what: 'a wildcard, and a host two labels below it',
      zone: 'sts-labels.example',
      hosts: ({ mx }) => ['@ MX 10 a.b.mx', `a.b.mx A ${mx}`],
      policy: policyFor('*.mx.sts-labels.example'),
      ...(await named('a.b.mx.sts-labels.example')),
      expected: all(MTA_STS, waits('mx-not-listed', /lists \(\*\.mx\.sts-labels\.example\)$/)),
    },
    {
      what: 'DANE fails where MTA-STS passes',
      zone: 'both-dane-fails.example',
      policy: plain('both-dane-fails.example'),
      records: [zoneLine(TLSA_NAME, tlsa(3, 1, 1, other))],
      expected: {
        ...all(PUBLISHED, waits('tlsa-invalid', /^has a public key that is not the one of its TLSA record/)),
        'dane-encrypt': waits('tlsa-invalid', /TLSA record/),
        'mta-sts-defer': VERIFIED,
      },
    },
    {
      what: 'DANE vouches for a host that the policy does not list',
      zone: 'both-unlisted.example',
      chain: [unlisted],
      records: [zoneLine(TLSA_NAME, tlsa(3, 1, 1, unlisted))],
      policy: policyFor('elsewhere.example'),
      expected: {
        'dane-defer': delivered('dane'),
        'published-defer': waits('mx-not-listed', /lists \(elsewhere\.example\)/),
        'published-encrypt': waits('mx-not-listed', /lists \(elsewhere\.example\)/),
      },
    },
    {
      what: 'an unsigned domain whose policy cannot be fetched, at a host with records that fit',
      zone: 'half-known.example',
      chain: [selfSigned],
      records: [zoneLine(TLSA_NAME, tlsa(3, 1, 1, selfSigned))],
      expected: { 'dane-defer': delivered('dane'), 'published-defer': delivered('dane') },
    },
    {
      what: 'a domain with a broken policy',
      zone: 'tenant-broken.example',
      hosts: () => ['@ MX 10 mx.sts.example.'],
      policy: 'version: STSv1\nmode: enforce\n',
      expected: unknown('sts-policy-invalid', /the MTA-STS policy of tenant-broken\.example is not valid/),
    },
    {
      what: 'another domain at the same host as the one with the broken policy',
      zone: 'tenant-good.example',
      hosts: () => ['@ MX 10 mx.sts.example.'],
      policy: policyFor('mx.sts.example'),
      sni: 'mx.sts.example',
      expected: all(BY_POLICY, VERIFIED),
    },
    {
      what: 'mode testing',
      zone: 'sts-testing.example',
      policy: policyFor('elsewhere.example').replace('enforce', 'testing'),
      expected: {
        'mta-sts-defer': waits(
          'nothing-published',
          /the MTA-STS policy of sts-testing\.example has mode testing, which requires nothing$/,
        ),
        'mta-sts-encrypt': delivered('nothing'),
        'mta-sts-none': free(true),
        'published-encrypt': delivered('nothing'),
      },
    },
    {
      what: 'mode none',
      zone: 'sts-mode-none.example',
      policy: policyFor('elsewhere.example').replace('enforce', 'none'),
      expected: {
        'mta-sts-defer': waits('nothing-published', /has mode none$/),
        'mta-sts-encrypt': delivered('nothing'),
      },
    },
    {
      what: 'no policy',
      zone: 'sts-nothing.example',
      expected: {
        'mta-sts-defer': waits('nothing-published', /sts-nothing\.example has no MTA-STS policy$/),
        'mta-sts-encrypt': delivered('nothing'),
        'published-defer': waits(
          'nothing-published',
          /^has no TLSA records, and sts-nothing\.example has no MTA-STS policy$/,
        ),
        'published-none': free(true),
      },
    },
    {
      what: 'two TXT records',
      zone: 'sts-twice.example',
      txt: ['v=STSv1; id=1', 'v=STSv1; id=2'],
      policy: plain('sts-twice.example'),
      expected: {
        'mta-sts-defer': waits(
          'nothing-published',
          /has 2 TXT records that begin with "v=STSv1;"; only one is allowed$/,
        ),
        'mta-sts-encrypt': delivered('nothing'),
        'mta-sts-none': free(true),
      },
    },
    {
      what: 'a huge policy',
      zone: 'sts-huge.example',
      policy: plain('sts-huge.example') + 'x'.repeat(200_000),
      expected: unknown(
        'sts-policy-fetch-error',
        /the MTA-STS policy of sts-huge\.example could not be fetched: \S+ sends more than 64 KB/,
      ),
    },
    {
      what: 'a policy that redirects',
      zone: 'sts-redirected.example',
      policy: answer(301, { Location: 'https://mta-sts.sts.example/.well-known/mta-sts.txt' }),
      expected: unknown('sts-policy-fetch-error', /.*redirects \(301\), which MTA-STS does not allow/),
    },
    {
      what: 'a policy that is no text/plain',
      zone: 'sts-html.example',
      policy: answer(200, { 'Content-Type': 'text/html' }, plain('sts-html.example')),
      expected: unknown('sts-policy-fetch-error', /.*sends "text\/html", not text\/plain/),
    },
    {
      what: 'a policy that never comes',
      zone: 'sts-slow.example',
      policy: () => undefined,
      expected: { 'mta-sts-defer': LOOKING_UP, 'published-encrypt': LOOKING_UP },
    },
    {
      what: 'a server of the policy with a certificate for other names',
      zone: 'sts-misnamed.example',
      policy: plain('sts-misnamed.example'),
      isNamed: false,
      expected: unknown('sts-webpki-invalid', /.*has a certificate for other names/),
    },
    {
      what: 'a TXT record in a zone whose signatures have expired',
      zone: 'sts-bogus.example',
      signed: 'expired',
      policy: plain('sts-bogus.example'),
      expected: all(
        MTA_STS,
        waits('dnssec-invalid', /^cannot be looked up: the DNS look-up of MX sts-bogus\.example failed/),
      ),
    },
    {
      what: 'a TXT record whose signature is missing',
      zone: 'sts-stripped.example',
      policy: plain('sts-stripped.example'),
      broken: (lines) => lines.filter((line) => !/\sRRSIG\s+TXT\s/.test(line)),
      expected: unknown(
        'sts-policy-fetch-error',
        /the DNS look-up of TXT _mta-sts\.sts-stripped\.example failed: \S+ answers SERVFAIL/,
      ),
    },
  ]
}
