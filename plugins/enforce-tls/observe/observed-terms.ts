/**
 * On what terms a message would have gone to the host that took it, for rules that only report: what is published is
 * looked up after the delivery. A bounded number of look-ups is under way, each takes a bounded time; more than can
 * wait are not made. Never rejects.
 */
import { isIP } from 'node:net'
import type { ObservedDelivery } from '../delivery/observed-session.js'
import { lookUpFacts, type DomainFacts, type PublishedSources } from '../published/domain-facts.js'
import { termsAt, type HostTerms } from '../published/host-requirement.js'
import { comparableDomain } from '../rules/address.js'
import type { Requirement } from '../rules/requirement.js'
import { errorMessage } from '../text/error-message.js'

/** Look-ups at once. */
const UNDER_WAY_MAX = 20
/** Look-ups that wait for that: with more, the oldest would take minutes to come to theirs. */
const WAITING_MAX = 1000
const SMTP_PORT = 25

/** Terms, or why they are unknown. */
export type ObservedHostTerms = HostTerms | { readonly is: 'unknown'; readonly why: string }

/** The look-ups of one process. */
export class ObservedHosts {
  readonly #sources: () => PublishedSources
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(sources: () => PublishedSources) {
    this.#sources = sources
  }

  /**
   * The terms at the host that took a message.
   *
   * @param domain of the recipients
   * @param seen `null` where nothing was seen of the connection
   */
  async termsOf(
    requirement: Requirement,
    domain: string,
    seen: Pick<ObservedDelivery, 'host' | 'port'> | null,
  ): Promise<ObservedHostTerms> {
    if (requirement.published.length === 0) return { is: 'required', requirement }
    if (!seen) return unknown('the session could not be seen')
    if (!(await this.#begin())) return unknown('too many DNS look-ups are waiting')
    try {
      return await this.#lookUp(requirement, domain, seen)
    } catch (error) {
      return unknown(errorMessage(error))
    } finally {
      this.#end()
    }
  }

  async #lookUp(
    requirement: Requirement,
    domain: string,
    { host, port }: Pick<ObservedDelivery, 'host' | 'port'>,
  ): Promise<ObservedHostTerms> {
    const request = { domain: comparableDomain(domain), demands: requirement.published, urgent: false }
    const facts = await lookUpFacts(this.#sources(), { ...request, named: null })
    const byMx = termsIn(facts, requirement, host, port)
    if (byMx) return byMx
    if (facts.mailHosts?.kind === 'failed') return unknown(facts.mailHosts.why)
    // A plugin has named the host, as for a gateway: the operator's word.
    const name = port === null || isIP(host) ? null : host
    const named = await lookUpFacts(this.#sources(), {
      ...request,
      named: [{ host: name, port: port ?? SMTP_PORT }],
    })
    const [first] = named.hosts
    return first ? termsAt(requirement, named, first) : unknown(`${host} was not looked up in DNS`)
  }

  /** @returns whether there is room for one more */
  async #begin(): Promise<boolean> {
    if (this.#underWay < UNDER_WAY_MAX) {
      this.#underWay++
      return true
    }
    if (this.#waiting.length >= WAITING_MAX) return false
    // Its place is handed over.
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return true
  }

  #end(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#underWay--
  }
}

function termsIn(
  facts: DomainFacts,
  requirement: Requirement,
  name: string,
  port: number | null,
): HostTerms | null {
  const host = facts.hosts.find(
    (each) => each.port === port && each.name?.toLowerCase() === name.toLowerCase(),
  )
  return host ? termsAt(requirement, facts, host) : null
}

function unknown(why: string): ObservedHostTerms {
  return { is: 'unknown', why }
}
