/** Bounce and notice of delay in French. */
import { failures, listed, of, quoted, says, wayOut } from './fr-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import { causeOf, demandOf, reasonOf, rulesIn } from './fr-reasons.js'
import type { GatewayFailure, NoticeTexts } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** The French texts; before a colon and inside quotation marks is a space that does not break. */
export const fr: NoticeTexts & { readonly language: 'fr' } = {
  language: 'fr',
  labels: {
    from: 'Système de remise des messages',
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
          ? `${what} les certificats des serveurs de messagerie ${of(domain)} n’ont ${not} pu être vérifiés`
          : `${what} le certificat du serveur de messagerie ${of(domain)} n’a ${not} pu être vérifié`
      case 'server':
      case 'look-up':
        return `${what} le serveur de messagerie ${of(domain)} n’a ${not} pu être vérifié`
      case 'mixed':
        return `${what} ${domain} n’a ${not} pu être joint avec la sécurité exigée`
      case 'ours':
        return `${what} ce système de messagerie ne peut ${not} envoyer à ${domain} comme exigé`
      case 'gateway':
      case 'rejected':
      case 'given-up':
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
        return capital(`${passes}c’est à l’équipe de messagerie ${of(domain)} de ${solve}.`, passes)
      case 'ours':
        return capital(`${passes}c’est à votre propre équipe de messagerie de ${solve}.`, passes)
      case 'either':
        return capital(
          `${passes}c’est à votre propre équipe de messagerie de déterminer de quel côté se trouve le problème.`,
          passes,
        )
      case 'both':
        return capital(
          `${passes}votre propre équipe de messagerie et celle ${of(domain)} ont chacune quelque chose à corriger.`,
          passes,
        )
      case 'sender':
        return 'La prochaine étape vous appartient.'
    }
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'Plusieurs tentatives ont été faites.',
  givenUp: 'Un administrateur de messagerie a ensuite mis fin aux tentatives.',
  givenUpReason: (reason) => `Le message attendait d’être envoyé\u202f: ${ended(reason)}`,
  givenUpAdvice: 'Adressez-vous à votre administrateur de messagerie avant d’envoyer de nouveau le message.',
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
    'Une passerelle est un serveur de messagerie qui relaie les messages. Celle-ci ne reçoit des messages que par une connexion chiffrée, et seulement après avoir prouvé son identité.',
  failed: (failure, host) => `${host} ${says[failure]}.`,
  failures,
  wayOut,
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
  unconfirmed: {
    subjectLine: (domain) => `Sans confirmation\u202f: votre message à ${domain}`,
    title: 'Votre message a peut-être été remis',
    result: (recipients) =>
      `Votre message à ${listed(recipients, NAMED)} a peut-être été remis\u202f: le serveur destinataire ne l’a pas confirmé.`,
    reason:
      'Le message entier a été envoyé à un serveur destinataire, qui n’a pas répondu. On ne sait donc pas s’il l’a accepté.',
    advice: 'Demandez au destinataire si le message est arrivé avant de l’envoyer de nouveau.',
  },
  failedAtOnward: (hosts) =>
    `La remise a échoué précisément à la commande qui le demande à ${listed(hosts)} (MAIL avec REQUIRETLS)\u202f; on ne sait pas si c’en est la cause.`,
  ask: ({ me, domain, sentences }) =>
    [
      `À transmettre à votre équipe de messagerie\u202f: notre serveur de messagerie ${me} n’a pas pu remettre à ${domain} un message qui doit être transmis via TLS.`,
      ...sentences,
    ].join(' '),
  withheld: 'non affiché, car cet avis peut circuler sans chiffrement',
  unknown: 'inconnu',
  none: 'aucun',
  writtenBy: (me) => `Cet avis a été rédigé par le système de messagerie ${of(me)}.`,
  time: timesIn('fr', 'long'),
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? quoted(name) : `${quoted(name)} (${host})`
}

/** It is of the log's language, English, or that of a server. */
function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `. Détail technique\u202f: ${detail.replace(/\.$/, '')}`
}

/** The beginning of a sentence, where nothing stands before it. */
function capital(sentence: string, before: string): string {
  return before === '' ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence
}
