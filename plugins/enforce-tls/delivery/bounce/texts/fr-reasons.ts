/** Why a message was not sent, in French: the cause, what the servers failed for, and what is required. */
import { listed, of, quoted, says } from './fr-failures.js'
import { gatewayFault } from './grammar.js'
import type { Demand, Result, RuleName, Servers } from './types.js'

/** Behind "car"; empty for nothing. */
export function causeOf({ fate, problem, several, gateway }: Result): string {
  const now = fate === 'delayed' ? ' pour le moment' : ''
  switch (problem) {
    case 'encryption':
      return several
        ? `les serveurs de messagerie du destinataire ne peuvent pas le recevoir sous forme chiffrée${now}`
        : `le serveur de messagerie du destinataire ne peut pas le recevoir sous forme chiffrée${now}`
    case 'certificate':
      return several
        ? 'les certificats des serveurs de messagerie du destinataire n’ont pas pu être vérifiés'
        : 'le certificat du serveur de messagerie du destinataire n’a pas pu être vérifié'
    case 'server':
      return several
        ? 'les serveurs de messagerie du destinataire n’ont pas pu être vérifiés'
        : 'le serveur de messagerie du destinataire n’a pas pu être vérifié'
    case 'look-up':
      return several
        ? 'les serveurs de messagerie du destinataire n’ont pas pu être déterminés de façon sûre'
        : 'le serveur de messagerie du destinataire n’a pas pu être déterminé de façon sûre'
    case 'mixed':
      return several
        ? 'aucun des serveurs de messagerie du destinataire n’a pu être utilisé avec la sécurité exigée'
        : 'le serveur de messagerie du destinataire n’a pas pu être utilisé avec la sécurité exigée'
    case 'ours':
      return `ce système de messagerie ne peut pas l’envoyer avec la sécurité exigée${now}`
    case 'gateway':
      return `la passerelle par laquelle il doit passer ${says[gatewayFault(gateway)]}`
    case 'rejected':
      if (gateway) return 'la passerelle par laquelle il a été envoyé l’a refusé'
      return several
        ? 'les serveurs de messagerie du destinataire l’ont refusé'
        : 'le serveur de messagerie du destinataire l’a refusé'
    case 'given-up':
      return 'un administrateur de messagerie a mis fin aux tentatives'
    case 'other':
      return ''
  }
}

/** What the servers failed for, as one sentence. */
export function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'Les serveurs destinataires' : 'Le serveur destinataire'
  const named = hosts.length === 0 ? `${servers} ${of(domain)}` : `${servers} ${listed(hosts)} ${of(domain)}`
  const couldNot = several ? 'n’ont pas pu' : 'n’a pas pu'
  switch (problem) {
    case 'encryption':
      return `${named} ${couldNot} établir de connexion TLS.`
    case 'certificate':
      return several
        ? `${named} ont des certificats qui n’ont pas pu être vérifiés.`
        : `${named} a un certificat qui n’a pas pu être vérifié.`
    case 'ours':
      return `${named} ${several ? 'n’ont pas été contactés' : 'n’a pas été contacté'}, car les paramètres TLS de ce système ne peuvent pas être utilisés.`
    case 'mixed':
      return `${named} ${couldNot} être ${several ? 'utilisés' : 'utilisé'} avec la sécurité exigée.`
    default:
      return `${named} ${failure ? says[failure] : `${couldNot} être ${several ? 'vérifiés' : 'vérifié'}`}.`
  }
}

/** What is required, as one sentence. */
export function demandOf(demand: Demand): string {
  const what = demandedBy(demand)
  switch (demand.asker) {
    case 'rules':
      return byRules(demand.rules, what)
    case 'sender':
      return `C’est votre message lui-même qui exige ${what}\u202f: il a été envoyé avec REQUIRETLS, c’est-à-dire avec une demande de chiffrement sur tout le trajet. Aucune règle ne l’exige.`
    case 'both':
      return `${byRules(demand.rules, what)} Votre message lui-même l’exige aussi\u202f: il a été envoyé avec REQUIRETLS, c’est-à-dire avec une demande de chiffrement sur tout le trajet.`
  }
}

function byRules(rules: Demand['rules'], what: string): string {
  if (rules.length === 0) return `Ce système de messagerie exige ${what} pour ce message.`
  return rules.length === 1
    ? `La règle ${rulesIn(rules)} exige ${what}.`
    : `Les règles ${rulesIn(rules)} exigent ${what}.`
}

const SOURCES = {
  dane: 'par des enregistrements DANE dans le DNS',
  'mta-sts': 'par une politique MTA-STS',
  any: 'par des enregistrements DANE dans le DNS ou par une politique MTA-STS',
} as const

function demandedBy({ of, sources, whereThereIsAny }: Demand): string {
  switch (of) {
    case 'onward':
      return 'un serveur qui promet de transmettre le message sous forme chiffrée'
    case 'encryption':
      return 'une telle connexion'
    case 'settings':
      return 'ces paramètres'
    case 'certificate':
      return 'un certificat vérifié'
    case 'dane-certificate':
      return 'un certificat confirmé par les enregistrements DANE du serveur'
    case 'sts-certificate':
      return 'un certificat conforme à la politique MTA-STS du domaine'
    case 'tls':
      return 'TLS'
    case 'verified-tls':
      return 'TLS vers un serveur vérifié'
    case 'published':
      return `un serveur confirmé ${sources.map((source) => SOURCES[source]).join(' et ')}${whereThereIsAny ? ', s’il en existe' : ''}`
  }
}

/** Rules by name, each with whose it is. */
export function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `${quoted(name)} ${of(owner ?? 'ce système de messagerie')}`))
}
