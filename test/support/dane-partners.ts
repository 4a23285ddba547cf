/** Mail partners with DANE of every kind, right and wrong, for a network of their own. */
import type { TlsaRecord } from '../../plugins/enforce-tls/dns/answer.js'
import { issue, tlsa, type Issued } from './chains.js'

/** A domain with one mail host. */
export interface Partner {
  readonly what: string
  /** Records of its zone, names relative to it; a host `mx` at its address is there. */
  readonly records: readonly string[]
  readonly chain: readonly Issued[]
  readonly zone: string
}

/** A TLSA record as a line of a zone file. */
export const zoneLine = (name: string, { usage, selector, matchingType, data }: TlsaRecord): string =>
  `${name} TLSA ${usage} ${selector} ${matchingType} ${data.toString('hex')}`
export const TLSA_NAME = '_25._tcp.mx'

/** Each is a domain below `bank.example`. */
export async function danePartners(): Promise<Partner[]> {
  const all: Partner[] = []
  const root = await issue({ name: 'Root' })
  const middle = await issue({ name: 'Middle', by: root })
  const other = await issue({ name: 'Other' })
  const add = async (
    what: string,
    make: (host: string) => Promise<{ chain: readonly Issued[]; records: readonly (TlsaRecord | string)[] }>,
    mx = 'mx',
  ): Promise<void> => {
    const label = `p${all.length + 1}`
    const zone = `${label}.bank.example`
    const { chain, records } = await make(`mx.${zone}`)
    const lines = records.map((record) => (typeof record === 'string' ? record : zoneLine(TLSA_NAME, record)))
    all.push({ what, chain, zone, records: [`@ MX 10 ${mx}`, `mx A 192.0.2.${all.length + 1}`, ...lines] })
  }
  const leafOf = (host: string, more: object = {}) =>
    issue({ name: host, by: middle, ca: false, names: [host], ...more })
  for (const [selector, matching] of [0, 1].flatMap((s) => [0, 1, 2].map((m) => [s, m] as const))) {
    await add(`3 ${selector} ${matching}`, async (host) => {
      const leaf = await leafOf(host)
      return { chain: [leaf, middle], records: [tlsa(3, selector, matching, leaf)] }
    })
    await add(`3 ${selector} ${matching} of another certificate`, async (host) => {
      return { chain: [await leafOf(host), middle], records: [tlsa(3, selector, matching, other)] }
    })
    await add(`2 ${selector} ${matching}, the root sent`, async (host) => {
      return { chain: [await leafOf(host), middle, root], records: [tlsa(2, selector, matching, root)] }
    })
    await add(`2 ${selector} ${matching}, the root not sent`, async (host) => {
      return { chain: [await leafOf(host), middle], records: [tlsa(2, selector, matching, root)] }
    })
  }
  await add('2 0 1 of the authority in the middle', async (host) => {
    return { chain: [await leafOf(host), middle], records: [tlsa(2, 0, 1, middle)] }
  })
  await add('the pinned authority behind a foreign certificate', async (host) => {
    const foreign = await issue({ name: host, ca: false, names: [host] })
    return { chain: [foreign, root], records: [tlsa(2, 1, 1, root)] }
  })
  await add('usage 2, a certificate for another host', async (host) => {
    return {
      chain: [await leafOf(host, { names: ['mx.other.example'] }), middle],
      records: [tlsa(2, 1, 1, middle)],
    }
  })
  await add('usage 2, a certificate for the domain of the mail', async (host) => {
    return {
      chain: [await leafOf(host, { names: [host.slice(3)] }), middle],
      records: [tlsa(2, 1, 1, middle)],
    }
  })
  await add('usage 2, an expired certificate', async (host) => {
    return { chain: [await leafOf(host, { until: -1 }), middle], records: [tlsa(2, 1, 1, middle)] }
  })
  await add('usage 3, an expired certificate for another host', async (host) => {
    const leaf = await leafOf(host, { until: -1, names: ['mx.other.example'] })
    return { chain: [leaf, middle], records: [tlsa(3, 1, 1, leaf)] }
  })
  await add('usage 2 and 3, the certificate is new', async (host) => {
    return { chain: [await leafOf(host), middle], records: [tlsa(3, 1, 1, other), tlsa(2, 1, 1, middle)] }
  })
  await add('SHA-256 of the certificate and SHA-512 of another', async (host) => {
    const leaf = await leafOf(host)
    return { chain: [leaf, middle], records: [tlsa(3, 1, 1, leaf), tlsa(3, 1, 2, other)] }
  })
  await add('usage 1 only', async (host) => {
    const leaf = await leafOf(host)
    return { chain: [leaf, middle], records: [tlsa(1, 1, 1, leaf)] }
  })
  await add('usage 1 and 3', async (host) => {
    const leaf = await leafOf(host)
    return { chain: [leaf, middle], records: [tlsa(1, 1, 1, other), tlsa(3, 1, 1, leaf)] }
  })
  await add('a digest of 31 bytes', async (host) => {
    const leaf = await leafOf(host)
    return { chain: [leaf], records: [`${TLSA_NAME} TLSA 3 1 1 ${'00'.repeat(31)}`] }
  })
  await add('no records', async (host) => ({ chain: [await leafOf(host)], records: [] }))
  await add('records behind a CNAME record of their own', async (host) => {
    const leaf = await leafOf(host)
    return { chain: [leaf], records: [`${TLSA_NAME} CNAME _dane`, zoneLine('_dane', tlsa(3, 1, 1, leaf))] }
  })
  const alias = 'alias'
  await add(
    'a CNAME record, records at the expanded name',
    async (host) => {
      const leaf = await leafOf(host)
      return {
        chain: [leaf],
        records: [
          `${alias} CNAME mx`,
          tlsa(3, 1, 1, leaf),
          zoneLine(`_25._tcp.${alias}`, tlsa(3, 1, 1, other)),
        ],
      }
    },
    alias,
  )
  await add(
    'a CNAME record, records at the original name',
    async (host) => {
      const leaf = await leafOf(host)
      return {
        chain: [leaf],
        records: [`${alias} CNAME mx`, zoneLine(`_25._tcp.${alias}`, tlsa(3, 1, 1, leaf))],
      }
    },
    alias,
  )
  await add(
    'a CNAME record into an unsigned zone, records at the original name',
    async () => {
      const leaf = await leafOf('x.example')
      return {
        chain: [leaf],
        records: [
          `${alias} CNAME p${all.length + 1}.unsigned.example.`,
          zoneLine(`_25._tcp.${alias}`, tlsa(3, 1, 1, leaf)),
        ],
      }
    },
    alias,
  )
  await add(
    'a host in an unsigned zone',
    async () => {
      return { chain: [await leafOf('x.example')], records: [] }
    },
    `p${all.length + 1}.unsigned.example.`,
  )
  await add(
    'a host in a zone that cannot be validated',
    async () => {
      return { chain: [await leafOf('x.example')], records: [] }
    },
    'mx.stripped.example.',
  )
  return all
}
