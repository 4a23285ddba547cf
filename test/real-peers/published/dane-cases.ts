/** Partners with DANE as they are met in the field, right and wrong, and what becomes of mail to them. */
import { issue, tlsa, type Issued } from '../../support/chains.js'
import { TLSA_NAME, zoneLine } from '../../support/dane-partners.js'
import { all, DANE, delivered, free, PUBLISHED, waits, type Case } from './case.js'

const without =
  (pattern: RegExp) =>
  (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => !pattern.test(line))

const NOT_SIGNED = /^has no TLSA records that count: its addresses are not signed with DNSSEC/

export async function daneCases(): Promise<Case[]> {
  const root = await issue({ name: 'Root' })
  const middle = await issue({ name: 'Middle', by: root })
  const newMiddle = await issue({ name: 'New middle', by: root })
  const other = await issue({ name: 'Other' })
  const leafOf = (zone: string, more: object = {}): Promise<Issued> =>
    issue({ name: zone, by: middle, ca: false, names: [`mx.${zone}`], ...more })
  const good = await leafOf('good.example')
  const pinned = (usage: number, of: Issued, name = TLSA_NAME): string =>
    zoneLine(name, tlsa(usage, usage === 2 ? 0 : 1, 1, of))
  /** A partner whose server sends the leaf and what is behind it. */
  const partner = async (
    zone: string,
    make: (leaf: Issued) => Pick<Case, 'what' | 'expected'> & Partial<Case>,
    leafs: object = {},
  ): Promise<Case> => {
    const leaf = await leafOf(zone, leafs)
    return { zone, chain: [leaf, middle], ...make(leaf) }
  }
  return Promise.all([
    partner('good.example', () => ({
      what: 'a record of the key',
      chain: [good, middle],
      records: [pinned(3, good)],
      expected: all([...DANE, ...PUBLISHED], delivered('dane')),
    })),
    partner('exchange.example', () => ({
      what: 'signed MX records, a host in an unsigned zone, where the question for TLSA records fails (Exchange Online)',
      hosts: () => ['@ MX 10 mx.exchange-online.example.'],
      more: ({ mx }) => [
        {
          name: 'exchange-online.example',
          signed: 'no',
          // The zone below has no server: whoever asks there gets SERVFAIL.
          records: `mx A ${mx}\n_tcp.mx NS ns.nowhere.invalid.`,
        },
      ],
      sni: 'mx.exchange-online.example',
      expected: {
        'dane-defer': waits('dane-required', NOT_SIGNED),
        'dane-encrypt': delivered('nothing'),
        'dane-none': free(true),
        'published-defer': waits('nothing-published', NOT_SIGNED),
        'published-encrypt': delivered('nothing'),
      },
    })),
    partner('half.example', (leaf) => ({
      what: 'an address that validates, and a denial of AAAA that does not',
      records: [pinned(3, leaf)],
      broken: without(/^mx\.half\.example\.\s.*\sNSEC\s/),
      expected: all(DANE, delivered('dane')),
    })),
    partner('alias.example', (leaf) => ({
      what: 'a host that is a signed CNAME into an unsigned zone, with records at the original name',
      hosts: () => ['@ MX 10 mx', 'mx CNAME host.alias-target.example.'],
      records: [pinned(3, leaf)],
      more: ({ mx }) => [{ name: 'alias-target.example', signed: 'no', records: `host A ${mx}` }],
      expected: all([...DANE, ...PUBLISHED], delivered('dane')),
    })),
    partner('expanded.example', (leaf) => ({
      what: 'a host that is a CNAME into another signed zone, with records there',
      hosts: () => ['@ MX 10 mx', 'mx CNAME host.expanded-target.example.'],
      more: ({ mx }) => [
        {
          name: 'expanded-target.example',
          records: `host A ${mx}\n${pinned(3, leaf, '_25._tcp.host')}`,
        },
      ],
      sni: 'host.expanded-target.example',
      expected: all(DANE, delivered('dane')),
    })),
    partner('unsigned-records.example', (leaf) => ({
      what: 'a signed host with records in an unsigned zone below',
      hosts: ({ mx }) => ['@ MX 10 mx', `mx A ${mx}`, '_tcp.mx NS ns.root.'],
      more: () => [
        {
          name: '_tcp.mx.unsigned-records.example',
          records: pinned(3, leaf, '_25'),
          signed: 'no',
          belowRoot: false,
        },
      ],
      expected: {
        'dane-defer': waits('dane-required', /^has TLSA records that are not signed with DNSSEC/),
        'dane-encrypt': delivered('nothing'),
      },
    })),
    partner('second.example', () => ({
      what: 'a host whose records do not fit, one without records, and a third that is right',
      hosts: () => [
        '@ MX 10 mx.mismatch.example.',
        '@ MX 20 mx.no-records.example.',
        '@ MX 30 mx.good.example.',
      ],
      sni: 'mx.good.example',
      expected: { 'dane-defer': delivered('dane'), 'published-defer': delivered('dane') },
    })),
    partner('usage-two.example', () => ({
      what: 'usage 3 of another key beside usage 2 that fits',
      records: [pinned(3, other), pinned(2, middle)],
      expected: { 'dane-defer': delivered('dane') },
    })),
    partner('usage-three.example', (leaf) => ({
      what: 'usage 2 of another authority beside usage 3 that fits',
      records: [pinned(2, other), pinned(3, leaf)],
      expected: { 'dane-defer': delivered('dane') },
    })),
    partner('private-ca.example', (leaf) => ({
      what: 'usage 2 of a private authority',
      chain: [leaf, middle, root],
      records: [pinned(2, root)],
      expected: all([...DANE, ...PUBLISHED], delivered('dane')),
    })),
    partner(
      'other-name.example',
      (leaf) => ({
        what: 'usage 2 of a private authority, a certificate for another name',
        chain: [leaf, middle, root],
        records: [pinned(2, root)],
        expected: all(
          [...DANE, ...PUBLISHED],
          waits('certificate-host-mismatch', /certificate for DNS:mx\.elsewhere\.example/),
        ),
      }),
      { names: ['mx.elsewhere.example'] },
    ),
    partner('not-sent.example', () => ({
      what: 'usage 2 of an authority that the server does not send',
      records: [pinned(2, root)],
      expected: all(
        DANE,
        waits(
          'tlsa-invalid',
          /^does not send the authority \(CA\) that its TLSA record 2 0 1 [0-9a-f]{16}… names/,
        ),
      ),
    })),
    partner('foreign.example', () => ({
      what: 'the pinned authority behind a certificate that it has not issued',
      expected: all(
        DANE,
        waits('certificate-not-trusted', /^sends the authority .* which has not issued its certificate/),
      ),
    })).then(async (foreign) => {
      const forged = await issue({ name: 'forged', ca: false, names: ['mx.foreign.example'] })
      return { ...foreign, chain: [forged, root], records: [pinned(2, root)] }
    }),
    partner('rotated.example', () => ({
      what: 'a new authority behind the records of the old one',
      records: [pinned(2, middle)],
      expected: all(
        DANE,
        waits('tlsa-invalid', /does not send the authority \(CA\) that its TLSA record 2 0 1/),
      ),
    })).then(async (rotated) => ({
      ...rotated,
      chain: [await leafOf('rotated.example', { by: newMiddle }), newMiddle],
    })),
    partner('hosted.example', () => ({
      what: 'an unsigned domain at a provider with records',
      signed: 'no',
      hosts: () => ['@ MX 10 mx.good.example.'],
      sni: 'mx.good.example',
      expected: {
        'dane-defer': waits(
          'dane-required',
          /^is named by MX records of hosted\.example that are not signed with DNSSEC/,
        ),
        'dane-encrypt': delivered('half-dane'),
        'dane-none': delivered('half-dane'),
        'published-defer': waits('nothing-published', /^is named by MX records of hosted\.example/),
        'published-encrypt': delivered('half-dane'),
      },
    })),
    partner('hosted-wrong.example', () => ({
      what: 'an unsigned domain at a provider whose records do not fit',
      signed: 'no',
      hosts: () => ['@ MX 10 mx.mismatch.example.'],
      sni: 'mx.mismatch.example',
      expected: {
        'dane-encrypt': waits(
          'tlsa-invalid',
          /^has a public key that is not the one of its TLSA record 3 1 1/,
        ),
        'dane-none': waits('tlsa-invalid', /^has a public key that is not the one of its TLSA record 3 1 1/),
      },
    })),
    partner('mismatch.example', () => ({
      what: 'a record of another key',
      records: [pinned(3, other)],
      expected: all(
        [...DANE, ...PUBLISHED],
        waits('tlsa-invalid', /^has a public key that is not the one of its TLSA record 3 1 1 [0-9a-f]{16}…/),
      ),
    })),
    partner('unusable.example', (leaf) => ({
      what: 'a record that mail servers do not use',
      records: [pinned(1, leaf)],
      expected: all(DANE, waits('tlsa-invalid', /^has no TLSA record that can be used/)),
    })),
    partner('cleartext.example', () => ({
      what: 'a record, and a server without STARTTLS (or somebody who strips it)',
      records: [pinned(3, other)],
      server: { starttls: false },
      expected: all([...DANE, ...PUBLISHED], waits('starttls-not-supported', /STARTTLS/)),
    })),
    partner(
      'expired-leaf.example',
      (leaf) => ({
        what: 'usage 3, a certificate that has expired and has another name',
        records: [pinned(3, leaf)],
        expected: all(DANE, delivered('dane')),
      }),
      { from: -20, until: -1, names: ['mx.elsewhere.example'] },
    ),
    partner(
      'expired-chain.example',
      () => ({
        what: 'usage 2, a certificate that has expired',
        records: [pinned(2, middle)],
        expected: all(DANE, waits('certificate-expired', /expired/)),
      }),
      { from: -20, until: -1 },
    ),
    partner('no-records.example', () => ({
      what: 'a signed host without records',
      expected: {
        'dane-defer': waits('dane-required', /^has no TLSA records$/),
        'dane-encrypt': delivered('nothing'),
        'dane-none': free(true),
      },
    })),
    partner('no-tls.example', () => ({
      what: 'a signed host without records and without STARTTLS',
      server: { starttls: false },
      expected: {
        'dane-defer': waits('dane-required', /^has no TLSA records$/),
        'dane-none': free(false),
        'published-none': free(false),
        'mta-sts-none': free(false),
      },
    })),
    partner('expired-zone.example', (leaf) => ({
      what: 'a zone whose signatures have expired',
      signed: 'expired',
      records: [pinned(3, leaf)],
      expected: all(
        [...DANE, ...PUBLISHED],
        waits(
          'dnssec-invalid',
          /^cannot be looked up: the DNS look-up of MX expired-zone\.example failed: 127\.0\.0\.1:\d+ answers SERVFAIL/,
        ),
      ),
    })),
    partner('stripped.example', (leaf) => ({
      what: 'TLSA records whose signature is missing',
      records: [pinned(3, leaf)],
      broken: without(/\sRRSIG\s+TLSA\s/),
      expected: all(
        [...DANE, ...PUBLISHED],
        waits(
          'dnssec-invalid',
          /^cannot be authenticated: the DNS look-up of TLSA _25\._tcp\.mx\.stripped\.example failed: 127\.0\.0\.1:\d+ answers SERVFAIL/,
        ),
      ),
    })),
    partner('denied.example', () => ({
      what: 'a denial of TLSA records whose signature is missing',
      hosts: ({ mx }) => ['@ MX 10 mx', `mx A ${mx}`, 'x TXT x'],
      broken: without(/^(mx|x)\.denied\.example\.\s.*\sRRSIG\s+NSEC\s/),
      expected: all(DANE, waits('dnssec-invalid', /^cannot be authenticated: the DNS look-up of TLSA/)),
    })),
    partner('forged.example', (leaf) => ({
      what: 'a forged address',
      records: [pinned(3, leaf)],
      broken: (lines) =>
        lines.map((line) => line.replace(/(^mx\.forged\..*\sA\s+)127\.\S+$/, '$1203.0.113.66')),
      expected: all(
        DANE,
        waits('dnssec-invalid', /^cannot be looked up: the DNS look-up of A mx\.forged\.example failed/),
      ),
    })),
    partner('implicit.example', () => ({
      what: 'a signed domain without MX records is its own host',
      hosts: ({ mx }) => [`@ A ${mx}`],
      sni: 'implicit.example',
      expected: {},
    })).then(async (implicit) => {
      const leaf = await leafOf('implicit.example')
      const records = [pinned(3, leaf, '_25._tcp')]
      return { ...implicit, chain: [leaf], records, expected: { 'dane-defer': delivered('dane') } }
    }),
  ])
}
