/**
 * Which MTA-STS policy holds for a domain (RFC 8461 sections 3 to 5). A policy that was fetched holds until it runs
 * out, whatever becomes of the TXT record and the policy's server; what could never be fetched is unknown, not none.
 * Never rejects, and answers within a bounded time.
 */
import type { Dns, Failed } from '../../dns/answer.js'
import { domainName } from '../../dns/name.js'
import { errorMessage } from '../../text/error-message.js'
import { quote } from '../../text/quote.js'
import { KeptPolicies, type FoundKept } from './kept-policies.js'
import { holds, isRefreshDue, type KeptPolicy } from './kept-policy.js'
import type { PolicyProblem, StsPolicy } from './policy.js'
import { PolicyFetches } from './policy-fetches.js'
import type { FetchPolicy } from './policy-fetch.js'
import type { StsPolicyStore } from './policy-store.js'
import { readStsRecords, type StsRecord } from './record.js'

export type StsAnswer = PublishedSts | NoSts | UnknownSts

export interface PublishedSts extends StsPolicy {
  readonly kind: 'policy'
  /** Whose policy it is, as `domainName` has it. */
  readonly domain: string
  /** Of the TXT record when the policy was fetched. */
  readonly id: string
  /** Since it was fetched, in seconds. */
  readonly age: number
  readonly text: string
  /** What is ignored of the text. */
  readonly problems: readonly PolicyProblem[]
  /** Why the domain may publish something else by now, for a person; empty where it does not. */
  readonly stale: string
}

export interface NoSts {
  readonly kind: 'none'
  /** What is wrong with the TXT record, which therefore does not count; empty where there is none. */
  readonly why: string
  /** Whether DNS says so securely. */
  readonly authentic: boolean
}

/** The domain has, or may have, a policy, but which is unknown. */
export interface UnknownSts {
  readonly kind: 'unknown'
  /** What failed: DNS or the store, the fetch, the certificate of the policy's server, or the policy itself. */
  readonly cause: 'dns' | 'fetch' | 'certificate' | 'policy'
  /** A sentence for a person, without a full stop. */
  readonly why: string
  /** As of a look-up that failed: nothing is said of the domain. */
  readonly isOurs?: true
}

export interface StsPoliciesOptions {
  readonly dns: Dns
  readonly fetchPolicy: FetchPolicy
  /** Shared by all processes. */
  readonly store: StsPolicyStore
  /** Told once when the store begins to fail; policies are then in this process's memory only. Must not throw. */
  readonly onStoreFailure: (why: string) => void
  /** In milliseconds since the epoch. @default `Date.now` */
  readonly now?: () => number
}

type Announced = (Exclude<StsRecord, { kind: 'none' }> | { kind: 'none'; why: string }) & {
  authentic: boolean
}

export class StsPolicies {
  readonly #dns: Dns
  readonly #kept: KeptPolicies
  readonly #fetches: PolicyFetches
  readonly #now: () => number

  constructor({ dns, fetchPolicy, store, onStoreFailure, now = Date.now }: StsPoliciesOptions) {
    this.#dns = dns
    this.#now = now
    this.#kept = new KeptPolicies(store, onStoreFailure)
    this.#fetches = new PolicyFetches(fetchPolicy, (domain, kept) => this.#kept.keep(domain, kept), now)
  }

  /**
   * The policy of a recipient domain.
   *
   * @param urgent fetches it again though it holds: before mail is given up because of it
   */
  async policyOf(domain: string, { urgent = false } = {}): Promise<StsAnswer> {
    const name = domainName(domain)
    if (name === null) return unknown(`${quote(domain)} is not a domain name`)
    try {
      const [announced, kept] = await Promise.all([this.#announced(name), this.#kept.find(name)])
      return await this.#answer(name, announced, kept, urgent)
    } catch (error) {
      return unknown(`the MTA-STS policy of ${name} is unknown: ${errorMessage(error)}`)
    }
  }

  async #answer(
    domain: string,
    announced: Announced | Failed,
    { kept, failure }: FoundKept,
    urgent: boolean,
  ): Promise<StsAnswer> {
    const current = kept && holds(kept, this.#now()) ? kept : null
    if (announced.kind === 'failed') {
      if (!current) return { ...unknown(announced.why), ...(announced.isOurs ? { isOurs: true } : {}) }
      // Whoever suppresses the TXT record must not thereby end the policy.
      this.#refreshIfDue(domain, current.id, current)
      return this.#published(domain, current, announced.why)
    }
    if (announced.kind !== 'record') {
      if (current) return this.#published(domain, current, `_mta-sts.${domain} ${announced.why}`)
      if (failure !== '') return unknown(`whether ${domain} had an MTA-STS policy is unknown: ${failure}`)
      // It has run out.
      if (kept) void this.#kept.remove(domain)
      const why = announced.kind === 'invalid' ? `_mta-sts.${domain} ${announced.why}` : ''
      return { kind: 'none', why, authentic: announced.authentic }
    }
    const { id } = announced
    if (current?.id === id && !urgent) {
      this.#refreshIfDue(domain, id, current)
      return this.#published(domain, current, '')
    }
    const result = await this.#fetches.fetch(domain, id, urgent ? 'urgent' : 'needed')
    if (result.kind === 'failed')
      return current ? this.#published(domain, current, result.why) : unknown(result.why, result.cause)
    // This process's DNS may still have the id before the one that another process has fetched it for.
    const newest = current && current.fetchedAt > result.kept.fetchedAt ? current : result.kept
    return this.#published(domain, newest, '')
  }

  async #announced(domain: string): Promise<Announced | Failed> {
    const answer = await this.#dns.ask(`_mta-sts.${domain}`, 'TXT')
    if (answer.kind === 'failed') return answer
    const { authentic } = answer
    const record = readStsRecords(answer.kind === 'found' ? answer.records : [])
    return record.kind === 'none'
      ? { kind: 'none', why: 'has no TXT record of MTA-STS any more', authentic }
      : { ...record, authentic }
  }

  /** Nobody waits for it. */
  #refreshIfDue(domain: string, id: string, current: KeptPolicy): void {
    if (isRefreshDue(current, this.#now())) void this.#fetches.fetch(domain, id, 'refresh')
  }

  #published(
    domain: string,
    { id, fetchedAt, text, policy, problems }: KeptPolicy,
    stale: string,
  ): PublishedSts {
    const age = Math.max(0, Math.floor((this.#now() - fetchedAt) / 1000))
    return { kind: 'policy', domain, ...policy, id, age, text, problems, stale }
  }
}

function unknown(why: string, cause: UnknownSts['cause'] = 'dns'): UnknownSts {
  return { kind: 'unknown', cause, why }
}
