/** Why a message was not sent, in Italian: the cause, what the servers failed for, and what is required. */
import { listed, says } from './it-failures.js'
import { gatewayFault } from './grammar.js'
import type { Demand, Result, RuleName, Servers } from './types.js'

/** Behind "perché"; empty for nothing. */
export function causeOf({ fate, problem, several, gateway }: Result): string {
  const now = fate === 'delayed' ? 'al momento ' : ''
  switch (problem) {
    case 'encryption':
      return several
        ? `${now}i server di posta del destinatario non possono riceverlo in forma crittografata`
        : `${now}il server di posta del destinatario non può riceverlo in forma crittografata`
    case 'certificate':
      return several
        ? 'non è stato possibile verificare i certificati dei server di posta del destinatario'
        : 'non è stato possibile verificare il certificato del server di posta del destinatario'
    case 'server':
      return several
        ? 'non è stato possibile verificare i server di posta del destinatario'
        : 'non è stato possibile verificare il server di posta del destinatario'
    case 'look-up':
      return several
        ? 'non è stato possibile individuare in modo sicuro i server di posta del destinatario'
        : 'non è stato possibile individuare in modo sicuro il server di posta del destinatario'
    case 'mixed':
      return several
        ? 'nessuno dei server di posta del destinatario ha potuto essere usato con la sicurezza richiesta'
        : 'non è stato possibile usare il server di posta del destinatario con la sicurezza richiesta'
    case 'ours':
      return `${now}questo sistema di posta non può inviarlo con la sicurezza richiesta`
    case 'gateway':
      return `il gateway per cui deve passare ${says[gatewayFault(gateway)]}`
    case 'rejected':
      if (gateway) return 'il gateway tramite il quale è stato inviato lo ha rifiutato'
      return several
        ? 'i server di posta del destinatario lo hanno rifiutato'
        : 'il server di posta del destinatario lo ha rifiutato'
    case 'given-up':
      return 'un amministratore di posta ha messo fine ai tentativi'
    case 'other':
      return ''
  }
}

/** What the servers failed for, as one sentence. */
export function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'I server riceventi' : 'Il server ricevente'
  const named = hosts.length === 0 ? `${servers} di ${domain}` : `${servers} ${listed(hosts)} di ${domain}`
  const couldNot = several ? 'non hanno potuto' : 'non ha potuto'
  switch (problem) {
    case 'encryption':
      return `${named} ${couldNot} stabilire una connessione TLS.`
    case 'certificate':
      return several
        ? `${named} hanno certificati che non è stato possibile verificare.`
        : `${named} ha un certificato che non è stato possibile verificare.`
    case 'ours':
      return `${named} ${several ? 'non sono stati contattati' : 'non è stato contattato'}, perché le impostazioni TLS di questo sistema non possono essere usate.`
    case 'mixed':
      return `${named} ${couldNot} essere ${several ? 'usati' : 'usato'} con la sicurezza richiesta.`
    default:
      return `${named} ${failure ? says[failure] : `${couldNot} essere ${several ? 'verificati' : 'verificato'}`}.`
  }
}

/** What is required, as one sentence. */
export function demandOf(demand: Demand): string {
  const what = demandedBy(demand)
  switch (demand.asker) {
    case 'rules':
      return byRules(demand.rules, what)
    case 'sender':
      return `È il Suo stesso messaggio a richiedere ${what}: è stato inviato con REQUIRETLS, cioè con la richiesta di crittografia lungo tutto il percorso. Nessuna regola lo richiede.`
    case 'both':
      return `${byRules(demand.rules, what)} Lo richiede anche il Suo stesso messaggio: è stato inviato con REQUIRETLS, cioè con la richiesta di crittografia lungo tutto il percorso.`
  }
}

function byRules(rules: Demand['rules'], what: string): string {
  if (rules.length === 0) return `Questo sistema di posta richiede ${what} per questo messaggio.`
  return rules.length === 1
    ? `La regola ${rulesIn(rules)} richiede ${what}.`
    : `Le regole ${rulesIn(rules)} richiedono ${what}.`
}

const SOURCES = {
  dane: 'da record DANE nel DNS',
  'mta-sts': 'da una policy MTA-STS',
  any: 'da record DANE nel DNS o da una policy MTA-STS',
} as const

function demandedBy({ of, sources, whereThereIsAny }: Demand): string {
  switch (of) {
    case 'onward':
      return 'un server che prometta di inoltrare il messaggio crittografato'
    case 'encryption':
      return 'una connessione di questo tipo'
    case 'settings':
      return 'queste impostazioni'
    case 'certificate':
      return 'un certificato verificato'
    case 'dane-certificate':
      return 'un certificato confermato dai record DANE del server'
    case 'sts-certificate':
      return 'un certificato conforme alla policy MTA-STS del dominio'
    case 'tls':
      return 'TLS'
    case 'verified-tls':
      return 'TLS verso un server verificato'
    case 'published':
      return `un server confermato ${sources.map((source) => SOURCES[source]).join(' e ')}${whereThereIsAny ? ', se ne esistono' : ''}`
  }
}

/** Rules by name, each with whose it is. */
export function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `«${name}» di ${owner ?? 'questo sistema di posta'}`))
}
