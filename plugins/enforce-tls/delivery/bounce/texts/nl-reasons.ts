/** Why a message was not sent, in Dutch: the cause, what the servers failed for, and what is required. */
import { listed, says } from './nl-failures.js'
import { gatewayFault } from './grammar.js'
import type { Demand, Result, RuleName, Servers } from './types.js'

/** Behind "omdat"; empty for nothing. */
export function causeOf({ fate, problem, several, gateway }: Result): string {
  const now = fate === 'delayed' ? 'op dit moment ' : ''
  switch (problem) {
    case 'encryption':
      return several
        ? `de mailservers van de ontvanger het ${now}niet versleuteld kunnen ontvangen`
        : `de mailserver van de ontvanger het ${now}niet versleuteld kan ontvangen`
    case 'certificate':
      return several
        ? 'de certificaten van de mailservers van de ontvanger niet konden worden geverifieerd'
        : 'het certificaat van de mailserver van de ontvanger niet kon worden geverifieerd'
    case 'server':
      return several
        ? 'de mailservers van de ontvanger niet konden worden geverifieerd'
        : 'de mailserver van de ontvanger niet kon worden geverifieerd'
    case 'look-up':
      return several
        ? 'de mailservers van de ontvanger niet veilig konden worden opgezocht'
        : 'de mailserver van de ontvanger niet veilig kon worden opgezocht'
    case 'mixed':
      return several
        ? 'geen van de mailservers van de ontvanger zo veilig kon worden gebruikt als vereist'
        : 'de mailserver van de ontvanger niet zo veilig kon worden gebruikt als vereist'
    case 'ours':
      return `dit mailsysteem het ${now}niet zo veilig kan verzenden als vereist`
    case 'gateway':
      return `de gateway waarlangs het moet gaan ${BECAUSE_OF_GATEWAY[gatewayFault(gateway)]}`
    case 'rejected':
      if (gateway) return 'de gateway waarlangs het is verzonden het heeft geweigerd'
      return several
        ? 'de mailservers van de ontvanger het hebben geweigerd'
        : 'de mailserver van de ontvanger het heeft geweigerd'
    case 'given-up':
      return 'een mailbeheerder de pogingen heeft beëindigd'
    case 'other':
      return ''
  }
}

const BECAUSE_OF_GATEWAY = {
  'gateway-unavailable': 'het bericht niet kon aannemen',
  'gateway-misconfigured': 'hier niet is ingesteld zoals de regels vereisen',
  'gateway-loop': 'geen bericht krijgt dat in een lus rondgaat',
} as const

/** What the servers failed for, as one sentence. */
export function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'De ontvangende servers' : 'De ontvangende server'
  const named = hosts.length === 0 ? `${servers} van ${domain}` : `${servers} ${listed(hosts)} van ${domain}`
  const could = several ? 'konden' : 'kon'
  switch (problem) {
    case 'encryption':
      return `${named} ${could} geen TLS-verbinding tot stand brengen.`
    case 'certificate':
      return several
        ? `${named} hebben certificaten die niet konden worden geverifieerd.`
        : `${named} heeft een certificaat dat niet kon worden geverifieerd.`
    case 'ours':
      return `Met ${servers.toLowerCase()}${hosts.length === 0 ? '' : ` ${listed(hosts)}`} van ${domain} is geen contact opgenomen, omdat de TLS-instellingen hier niet kunnen worden gebruikt.`
    case 'mixed':
      return `${named} ${could} niet zo veilig worden gebruikt als vereist.`
    default:
      return `${named} ${failure ? says[failure] : `${could} niet worden geverifieerd`}.`
  }
}

/** What is required, as one sentence. */
export function demandOf(demand: Demand): string {
  const what = demandedBy(demand)
  switch (demand.asker) {
    case 'rules':
      return byRules(demand.rules, what)
    case 'sender':
      return `Uw bericht zelf vereist ${what}: het is verzonden met REQUIRETLS, dat wil zeggen met een verzoek om versleuteling op het hele traject. Geen enkele regel vereist dat.`
    case 'both':
      return `${byRules(demand.rules, what)} Ook uw bericht zelf vereist dat: het is verzonden met REQUIRETLS, dat wil zeggen met een verzoek om versleuteling op het hele traject.`
  }
}

function byRules(rules: Demand['rules'], what: string): string {
  if (rules.length === 0) return `Dit mailsysteem vereist voor dit bericht ${what}.`
  return rules.length === 1
    ? `De regel ${rulesIn(rules)} vereist ${what}.`
    : `De regels ${rulesIn(rules)} vereisen ${what}.`
}

const SOURCES = {
  dane: 'door DANE-records in DNS',
  'mta-sts': 'door een MTA-STS-beleid',
  any: 'door DANE-records in DNS of een MTA-STS-beleid',
} as const

function demandedBy({ of, sources, whereThereIsAny }: Demand): string {
  switch (of) {
    case 'onward':
      return 'een server die belooft het bericht versleuteld door te geven'
    case 'encryption':
      return 'zo’n verbinding'
    case 'settings':
      return 'die instellingen'
    case 'certificate':
      return 'een geverifieerd certificaat'
    case 'dane-certificate':
      return 'een certificaat dat de DANE-records van de server bevestigen'
    case 'sts-certificate':
      return 'een certificaat dat past bij het MTA-STS-beleid van het domein'
    case 'tls':
      return 'TLS'
    case 'verified-tls':
      return 'TLS met een geverifieerde server'
    case 'published':
      return `een server die wordt bevestigd ${sources.map((source) => SOURCES[source]).join(' en ')}${whereThereIsAny ? ', als die er zijn' : ''}`
  }
}

/** Rules by name, each with whose it is. */
export function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `“${name}” van ${owner ?? 'dit mailsysteem'}`))
}
