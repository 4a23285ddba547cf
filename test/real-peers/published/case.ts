/** The words in which a table says what partners publish and what has to become of mail to them. */
import type { Partner } from '../../support/published-world.js'

/** A level that looks at what is published, and what holds where nothing is. */
export type Demand = `${'dane' | 'mta-sts' | 'published'}-${'defer' | 'encrypt' | 'none'}`

/** What has to become of a message. */
export type Expected =
  /** Over TLS; what of the server was verified, as the delivery log has it. */
  | { readonly is: 'delivered'; readonly verified: string }
  /** As Haraka would without the plugin. */
  | { readonly is: 'free'; readonly tls: boolean }
  | Waits
  /** Something hangs; no message waits for it but this one. */
  | { readonly is: 'looking-up' }

export interface Waits {
  readonly is: 'waits'
  readonly class: string
  /** Of the recipient, RFC 3463. */
  readonly status: string
  /** What is said of the host, or of the domain. */
  readonly says: RegExp
}

/** A partner, and what becomes of mail to it for each demand that is tried. */
export interface Case extends Partner {
  readonly what: string
  /** Of the recipients. @default the zone */
  readonly to?: string
  /** Of the MX host in SNI. @default `mx.<zone>` */
  readonly sni?: string
  readonly expected: Readonly<Partial<Record<Demand, Expected>>>
}

export const delivered = (verified: string): Expected => ({ is: 'delivered', verified })
export const free = (tls: boolean): Expected => ({ is: 'free', tls })
export const LOOKING_UP: Expected = { is: 'looking-up' }

/** Those whose status is not 4.7.5. */
const STATUS: Readonly<Record<string, string>> = {
  'starttls-not-supported': '4.7.4',
  'dane-required': '4.7.4',
  'nothing-published': '4.7.4',
}

export const waits = (name: string, says: RegExp): Waits => ({
  is: 'waits',
  class: name,
  status: STATUS[name] ?? '4.7.5',
  says,
})

/** The same for each of these. */
export function all<D extends Demand>(demands: readonly D[], expected: Expected): Record<D, Expected> {
  return Object.fromEntries(demands.map((demand) => [demand, expected])) as Record<D, Expected>
}

const OTHERWISE = ['defer', 'encrypt', 'none'] as const
export const DANE = OTHERWISE.map((each) => `dane-${each}` as const)
export const MTA_STS = OTHERWISE.map((each) => `mta-sts-${each}` as const)
export const PUBLISHED = OTHERWISE.map((each) => `published-${each}` as const)
export const DEMANDS: readonly Demand[] = [...DANE, ...MTA_STS, ...PUBLISHED]
