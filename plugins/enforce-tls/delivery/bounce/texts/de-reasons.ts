/** Why a message was not sent, in German: the cause, what the servers failed for, and what is required. */
import { listed, says } from './de-failures.js'
import { gatewayFault } from './grammar.js'
import type { Demand, Result, RuleName, Servers } from './types.js'

/** Behind "weil"; empty for nothing. */
export function causeOf({ fate, problem, several, gateway }: Result): string {
  const not = fate === 'delayed' ? 'zurzeit nicht' : 'nicht'
  switch (problem) {
    case 'encryption':
      return several
        ? `die Mailserver dort sie ${not} verschlüsselt empfangen können`
        : `der Mailserver dort sie ${not} verschlüsselt empfangen kann`
    case 'certificate':
      return several
        ? 'die Zertifikate der Mailserver dort nicht überprüft werden konnten'
        : 'das Zertifikat des Mailservers dort nicht überprüft werden konnte'
    case 'server':
      return `${several ? 'die' : 'der'} Mailserver dort nicht überprüft werden ${several ? 'konnten' : 'konnte'}`
    case 'look-up':
      return `${several ? 'die' : 'der'} Mailserver dort nicht auf sicherem Weg ermittelt werden ${several ? 'konnten' : 'konnte'}`
    case 'mixed':
      return several
        ? 'keiner der Mailserver dort so sicher genutzt werden konnte wie gefordert'
        : 'der Mailserver dort nicht so sicher genutzt werden konnte wie gefordert'
    case 'ours':
      return `dieses Mailsystem sie ${not} so sicher senden kann wie gefordert`
    case 'gateway':
      return `das Gateway, über das sie gehen muss, ${BECAUSE_OF_GATEWAY[gatewayFault(gateway)]}`
    case 'rejected':
      return gateway
        ? 'das Gateway, über das sie gesendet wurde, sie abgelehnt hat'
        : `${several ? 'die' : 'der'} Mailserver dort sie abgelehnt ${several ? 'haben' : 'hat'}`
    case 'given-up':
      return 'die Mail-Administration die Zustellversuche beendet hat'
    case 'other':
      return ''
  }
}

const BECAUSE_OF_GATEWAY = {
  'gateway-unavailable': 'die Nachricht nicht annehmen konnte',
  'gateway-misconfigured': 'hier nicht so eingerichtet ist, wie die Regeln es verlangen',
  'gateway-loop': 'keine Nachricht erhält, die in einer Schleife läuft',
} as const

/** What the servers failed for, as one sentence. */
export function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'Die empfangenden Server' : 'Der empfangende Server'
  const named = hosts.length === 0 ? `${servers} von ${domain}` : `${servers} ${listed(hosts)} von ${domain}`
  const could = several ? 'konnten' : 'konnte'
  switch (problem) {
    case 'encryption':
      return `${named} ${could} keine TLS-Verbindung aufbauen.`
    case 'certificate':
      return several
        ? `${named} haben Zertifikate, die nicht überprüft werden konnten.`
        : `${named} hat ein Zertifikat, das nicht überprüft werden konnte.`
    case 'ours':
      return `${named} ${several ? 'wurden' : 'wurde'} nicht kontaktiert, weil die TLS-Einstellungen hier nicht verwendet werden können.`
    case 'mixed':
      return `${named} ${could} nicht so sicher genutzt werden wie gefordert.`
    default:
      return `${named} ${failure ? says[failure] : `${could} nicht überprüft werden`}.`
  }
}

/** What is required, as one sentence. */
export function demandOf(demand: Demand): string {
  const what = demandedBy(demand)
  switch (demand.asker) {
    case 'rules':
      return byRules(demand.rules, what)
    case 'sender':
      return `Ihre Nachricht selbst verlangt ${what}: Sie wurde mit REQUIRETLS gesendet, also mit der Bitte um Verschlüsselung auf dem ganzen Weg. Eine Regel verlangt das nicht.`
    case 'both':
      return `${byRules(demand.rules, what)} Auch Ihre Nachricht selbst verlangt das: Sie wurde mit REQUIRETLS gesendet, also mit der Bitte um Verschlüsselung auf dem ganzen Weg.`
  }
}

function byRules(rules: Demand['rules'], what: string): string {
  if (rules.length === 0) return `Dieses Mailsystem verlangt für diese Nachricht ${what}.`
  return rules.length === 1
    ? `Die Regel ${rulesIn(rules)} verlangt ${what}.`
    : `Die Regeln ${rulesIn(rules)} verlangen ${what}.`
}

const SOURCES = {
  dane: 'durch DANE-Einträge im DNS',
  'mta-sts': 'durch eine MTA-STS-Richtlinie',
  any: 'durch DANE-Einträge im DNS oder eine MTA-STS-Richtlinie',
} as const

function demandedBy({ of, sources, whereThereIsAny }: Demand): string {
  switch (of) {
    case 'onward':
      return 'einen Server, der zusagt, die Nachricht verschlüsselt weiterzugeben'
    case 'encryption':
      return 'eine solche Verbindung'
    case 'settings':
      return 'diese Einstellungen'
    case 'certificate':
      return 'ein überprüftes Zertifikat'
    case 'dane-certificate':
      return 'eines, das die DANE-Einträge des Servers bestätigen'
    case 'sts-certificate':
      return 'eines, das zur MTA-STS-Richtlinie der Domain passt'
    case 'tls':
      return 'TLS'
    case 'verified-tls':
      return 'TLS zu einem überprüften Server'
    case 'published':
      return `einen Server, der ${sources.map((source) => SOURCES[source]).join(' und ')} bestätigt ist${whereThereIsAny ? ', sofern es solche gibt' : ''}`
  }
}

/** Rules by name, each with whose it is. */
export function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `„${name}“ von ${owner ?? 'diesem Mailsystem'}`))
}
