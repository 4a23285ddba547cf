/** Bounce and notice of delay in French. */
import { together } from '../template.js'
import { failures, listed, says } from './fr-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import type { Demand, GatewayFailure, NoticeTexts, Result, RuleName, Servers } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** The French texts; before a colon and inside quotation marks is a space that does not break. */
export const fr: NoticeTexts & { readonly language: 'fr' } = {
  language: 'fr',
  labels: {
    from: 'Système de messagerie',
    advice: 'Que faire maintenant',
    tell: 'Ce que vous pouvez transmettre',
    contact: 'À qui s’adresser\u202f:',
    link: 'En savoir plus sur les messages chiffrés\u202f:',
    reason: 'Pourquoi',
    message: 'De quel message il s’agit',
    to: 'À\u202f:',
    subject: 'Objet\u202f:',
    dated: 'Envoyé\u202f:',
    messageId: 'Message-ID\u202f:',
    code: 'Code\u202f:',
    tried: 'Ce qui a été essayé',
  },
  title: (fate, problem) =>
    fate === 'delayed'
      ? 'Votre message est retardé'
      : isOther(problem)
        ? 'Votre message n’a pas été remis'
        : 'Votre message n’a pas été envoyé',
  subjectLine: ({ fate, problem, domain, several }) => {
    const isDelayed = fate === 'delayed'
    const not = isDelayed ? 'pas encore' : 'pas'
    const what = `${isDelayed ? 'Retardé' : isOther(problem) ? 'Non remis' : 'Non envoyé'}\u202f:`
    switch (problem) {
      case 'encryption':
        return `${what} ${domain} ne peut ${not} recevoir votre message sous forme chiffrée`
      case 'certificate':
        return several
          ? `${what} les certificats des serveurs de messagerie de ${domain} n’ont ${not} pu être vérifiés`
          : `${what} le certificat du serveur de messagerie de ${domain} n’a ${not} pu être vérifié`
      case 'server':
      case 'look-up':
        return `${what} le serveur de messagerie de ${domain} n’a ${not} pu être vérifié`
      case 'mixed':
        return `${what} ${domain} n’a ${not} pu être joint avec la sécurité exigée`
      case 'ours':
        return `${what} ce système de messagerie ne peut ${not} envoyer à ${domain} comme exigé`
      case 'gateway':
      case 'rejected':
      case 'other':
        return `${what} votre message à ${domain}`
    }
  },
  result: (result) => {
    const { fate, problem, recipients } = result
    const became =
      fate === 'delayed' ? 'est retardé' : isOther(problem) ? 'n’a pas été remis' : 'n’a pas été envoyé'
    const message = `Votre message à ${listed(recipients, NAMED)} ${became}`
    const because = causeOf(result)
    const sentence = because === '' ? `${message}.` : `${message}, car ${because}.`
    return result.gateway === 'instead'
      ? `${sentence} Il n’a pas pu non plus passer par une passerelle.`
      : sentence
  },
  side: (side, fate, domain) => {
    const passes = fate === 'delayed' ? 'Si le problème ne disparaît pas de lui-même, ' : ''
    const solve = passes === '' ? 'résoudre ce problème' : 'le résoudre'
    switch (side) {
      case 'theirs':
        return capital(`${passes}c’est à l’équipe de messagerie de ${domain} de ${solve}.`, passes)
      case 'ours':
        return capital(`${passes}c’est à votre propre équipe de messagerie de ${solve}.`, passes)
      case 'either':
        return capital(
          `${passes}c’est à votre propre équipe de messagerie de déterminer de quel côté se trouve le problème.`,
          passes,
        )
      case 'both':
        return capital(
          `${passes}votre propre équipe de messagerie et celle de ${domain} ont chacune quelque chose à corriger.`,
          passes,
        )
      case 'sender':
        return 'La suite dépend de vous.'
    }
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'Plusieurs tentatives ont été faites.',
  otherReason: (reason, gateway) =>
    gateway
      ? `Motif indiqué par ${gateway.host}, la passerelle ${quoted(gateway.name)} par laquelle il a été envoyé\u202f: ${ended(reason)}`
      : `Motif indiqué\u202f: ${ended(reason)}`,
  discreetReason: (codes) =>
    codes.length > 0
      ? `le serveur destinataire a répondu ${listed(codes)}. Son texte est omis, car cet avis peut circuler sans chiffrement`
      : 'la session avec le serveur destinataire a échoué. Son texte est omis, car cet avis peut circuler sans chiffrement',
  answered: (answers) => `a répondu ${listed(answers)}`,
  otherAdvice:
    'Vérifiez l’adresse et le motif indiqué par le serveur destinataire. Si les deux semblent corrects, adressez-vous à votre administrateur de messagerie.',
  delayAdvice: (until) =>
    `Rien pour l’instant\u202f: n’envoyez pas le message une nouvelle fois. Les tentatives se poursuivent jusqu’au ${until}\u202f; si le message ne peut pas être envoyé d’ici là, vous recevrez un autre avis. ` +
    'En cas d’urgence, joignez le destinataire par un autre moyen, par exemple par téléphone.',
  whatTlsIs:
    'TLS est le chiffrement qui protège un message sur son trajet d’un serveur de messagerie au suivant.',
  whatPublishingIs:
    'Il n’est utile que s’il s’agit du bon serveur\u202f; les domaines peuvent donc publier comment reconnaître le leur\u202f: dans le DNS (DANE) ou dans une politique sur un serveur web (MTA-STS).',
  whatLookingUpIs:
    'Il n’est utile que s’il s’agit du bon serveur. C’est l’annuaire d’Internet (DNS) qui indique lequel, et il n’a donné aucune réponse fiable.',
  whatAGatewayIs:
    'Une passerelle est un serveur de messagerie qui transmet les messages. Celle-ci ne reçoit des messages que par une connexion chiffrée, et seulement après avoir prouvé son identité.',
  failed: (failure, host) => `${host} ${says[failure]}.`,
  failures,
  gatewayInstead: (gateway) =>
    `Le message devait passer à la place par la passerelle ${placeOf(gateway)}, qui ${says[gatewayFault(gateway.failure)]}${detailOf(gateway)}.`,
  gatewayOnly: (gateway) => {
    const { rules } = gateway
    const place = `${placeOf(gateway)}${detailOf(gateway)}.`
    if (rules.length === 0) return `La passerelle est ${place}`
    return rules.length > 1
      ? `Les règles ${rulesIn(rules)} envoient le message par la passerelle ${place}`
      : `La règle ${rulesIn(rules)} envoie le message par la passerelle ${place}`
  },
  ask: ({ me, domain, sentences }) =>
    [
      `À transmettre à votre équipe de messagerie\u202f: notre serveur de messagerie ${me} n’a pas pu remettre à ${domain} un message qui doit être transmis par TLS.`,
      ...sentences,
    ].join(' '),
  noSubject: 'non affiché, car cet avis peut circuler sans chiffrement',
  unknown: 'inconnu',
  none: 'aucun',
  writtenBy: (me) => `Cet avis a été rédigé par le système de messagerie de ${me}.`,
  time: timesIn('fr', 'long'),
}

/** Behind "car"; empty for nothing. */
function causeOf({ fate, problem, several, gateway }: Result): string {
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
        ? 'les serveurs de messagerie du destinataire n’ont pas pu être recherchés de façon sûre'
        : 'le serveur de messagerie du destinataire n’a pas pu être recherché de façon sûre'
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
    case 'other':
      return ''
  }
}

function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'Les serveurs destinataires' : 'Le serveur destinataire'
  const named = hosts.length === 0 ? `${servers} de ${domain}` : `${servers} ${listed(hosts)} de ${domain}`
  const couldNot = several ? 'n’ont pas pu' : 'n’a pas pu'
  switch (problem) {
    case 'encryption':
      return `${named} ${together(`${couldNot} établir de connexion TLS`)}.`
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

function demandOf(demand: Demand): string {
  const { rules } = demand
  const what = demandedBy(demand)
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

function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `${quoted(name)} de ${owner ?? 'ce système de messagerie'}`))
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? quoted(name) : `${quoted(name)} (${host})`
}

function quoted(text: string): string {
  return `«\u202f${text}\u202f»`
}

/** It is of the log's language, English, or that of a server. */
function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `. Détail technique\u202f: ${detail.replace(/\.$/, '')}`
}

/** The beginning of a sentence, where nothing stands before it. */
function capital(sentence: string, before: string): string {
  return before === '' ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence
}
