/** What a sender, and the administrators of the recipient's servers, can do about each class of failure, in French. */
import type { FailureClass } from '../../failure-classes.js'
import { listsIn, policyOf, waysOutIn } from './grammar.js'
import type { NoticeTexts, Request } from './types.js'

/** A list in a sentence. */
export const listed = listsIn('fr', (count) => `${count} autres`)

/** With the quotation marks of the language. */
export function quoted(text: string): string {
  return `«\u202f${text}\u202f»`
}

/** `de` before a name: it loses its vowel before another one. */
export function of(name: string): string {
  return /^[aeiouàâäéèêëîïôöùûü]/i.test(name) ? `d’${name}` : `de ${name}`
}

/** What happened, as the end of a sentence about one server, or about a gateway. */
export const says: Readonly<Record<FailureClass, string>> = {
  'starttls-not-supported': 'ne propose pas TLS',
  'starttls-deferred': 'a demandé de réessayer TLS plus tard',
  'starttls-refused': 'a proposé TLS, puis l’a refusé',
  'handshake-failure': 'n’a pas réussi à établir TLS',
  'certificate-not-trusted': 'a un certificat qui n’est pas considéré comme fiable',
  'certificate-expired': 'a un certificat expiré',
  'certificate-host-mismatch': 'a un certificat établi pour un autre nom',
  'fingerprint-mismatch': 'a un certificat différent de celui qui est exigé',
  'starttls-injection':
    'a envoyé des données non chiffrées là où TLS devait commencer, ce qui peut être le signe d’une attaque',
  'tlsa-invalid': 'a un certificat que ses enregistrements DANE dans le DNS (TLSA) ne confirment pas',
  'dnssec-invalid': 'n’a pas pu être déterminé de façon sûre dans le DNS',
  'resolver-unavailable':
    'n’a pas pu être déterminé, car aucun résolveur DNS de ce système ne donne de réponses fiables',
  'dane-required': 'n’est pas confirmé par des enregistrements signés dans le DNS (DANE)',
  'sts-policy-fetch-error':
    'n’a pas pu être vérifié, car la politique MTA-STS de son domaine ne peut pas être récupérée',
  'sts-policy-invalid': 'n’a pas pu être vérifié, car la politique MTA-STS de son domaine n’est pas valide',
  'sts-webpki-invalid':
    'n’a pas pu être vérifié, car le serveur web qui porte la politique MTA-STS de son domaine n’a pas de certificat valide',
  'mx-not-listed': 'ne figure pas parmi les serveurs de la politique MTA-STS de son domaine',
  'nothing-published': 'n’a pas pu être vérifié, car son domaine ne publie pas ce qui est exigé',
  'requiretls-not-supported': 'ne promet pas de transmettre le message chiffré (REQUIRETLS)',
  'requiretls-refused':
    'a proposé REQUIRETLS (la promesse de transmettre les messages chiffrés), puis l’a refusé',
  'trust-unusable':
    'n’a pas pu être contacté, car les paramètres TLS de ce système de messagerie pour ce serveur ne peuvent pas être utilisés',
  'gateway-unavailable': 'n’a pas pu accepter le message',
  'gateway-misconfigured': 'n’est pas configurée ici comme les règles l’exigent',
  'gateway-loop': 'ne reçoit pas de message qui tourne en boucle',
}

/** How a message goes in spite of a failure. */
export const wayOut = waysOutIn(
  {
    encryption: 'Si le message n’a pas besoin d’être chiffré',
    check: 'Si le message peut partir sans cette vérification',
    onward: 'Si le chiffrement jusqu’à ce serveur suffit',
  },
  {
    rules: 'demandez à votre propre administrateur de messagerie de modifier la règle',
    sender: 'envoyez de nouveau le message sans REQUIRETLS',
    both: 'demandez à votre propre administrateur de messagerie de modifier la règle, puis envoyez de nouveau le message sans REQUIRETLS',
  },
)

export const failures: NoticeTexts['failures'] = {
  'starttls-not-supported': {
    advice: informRecipient('que son serveur de messagerie doit accepter les connexions chiffrées (TLS)'),
    ask: (request) =>
      `${yours(request, 'ne propose', 'ne proposent')} pas STARTTLS. Veuillez l’y activer, avec ${request.version} ou une version ultérieure.`,
  },
  'starttls-deferred': {
    advice: informRecipient(
      'que son serveur de messagerie ne cesse de remettre le chiffrement (TLS) à plus tard',
    ),
    ask: (request) =>
      `${yours(request, 'répond', 'répondent')} à STARTTLS par une erreur temporaire (4yz). Veuillez vous assurer que ${request.version} ou une version ultérieure y est disponible.`,
  },
  'starttls-refused': {
    advice: informRecipient('que son serveur de messagerie doit accepter les connexions chiffrées (TLS)'),
    ask: (request) =>
      `${yours(request, 'propose', 'proposent')} STARTTLS, mais ${request.hosts.length > 1 ? 'rejettent' : 'rejette'} la commande avec une erreur (5yz). Veuillez vous assurer que ${request.version} ou une version ultérieure y fonctionne.`,
  },
  'handshake-failure': {
    advice: informRecipient(
      'que son serveur de messagerie a besoin d’une version actuelle du chiffrement (TLS) qui fonctionne',
    ),
    ask: (request) =>
      `La négociation TLS avec ${hostsIn(request)} échoue. Veuillez vous assurer que ${request.version} ou une version ultérieure y fonctionne, avec une suite cryptographique d’usage courant.`,
  },
  'certificate-not-trusted': {
    advice: informRecipient(
      'que son serveur de messagerie a besoin d’un certificat émis par une autorité de certification reconnue',
    ),
    ask: (request) =>
      `${yours(request, 'ne présente', 'ne présentent')} pas de certificat qui mène à une autorité de certification que nous reconnaissons. ` +
      (request.agreedAuthority
        ? 'Veuillez en installer un de l’autorité convenue avec nous, avec tous les certificats intermédiaires.'
        : 'Veuillez en installer un d’une autorité publiquement reconnue, avec tous les certificats intermédiaires.'),
  },
  'certificate-expired': {
    advice: informRecipient('que le certificat de son serveur de messagerie a expiré'),
    ask: (request) =>
      `${yours(request, 'présente', 'présentent')} un certificat en dehors de sa période de validité. Veuillez en installer un en cours de validité.`,
  },
  'certificate-host-mismatch': {
    advice: informRecipient('que le certificat de son serveur de messagerie est établi pour un autre nom'),
    ask: (request) =>
      `${yours(request, 'présente', 'présentent')} un certificat établi pour un autre nom. ` +
      `Veuillez en installer un dont les noms alternatifs du sujet (subjectAltName) comprennent ${certificateNameIn(request)}.`,
  },
  'fingerprint-mismatch': {
    advice:
      'Adressez-vous à votre propre administrateur de messagerie\u202f: si le serveur de messagerie du destinataire a un nouveau certificat, la règle doit le mentionner. D’ici là, joignez le destinataire par un autre moyen.',
    ask: null,
  },
  'starttls-injection': {
    advice:
      'Signalez à votre propre administrateur de messagerie que quelqu’un interfère peut-être avec la connexion. N’envoyez pas le message une nouvelle fois avant que cela soit éclairci.',
    ask: null,
  },
  'tlsa-invalid': {
    advice: theirsToPublish(
      'que le certificat de son serveur de messagerie ne correspond pas aux enregistrements TLSA (DANE) de celui-ci dans le DNS',
    ),
    ask: (request) =>
      `Les enregistrements TLSA (DANE) dans le DNS ne confirment pas le certificat que ${request.hosts.length > 1 ? 'présentent' : 'présente'} ${hostsIn(request)}. Veuillez publier des enregistrements pour le certificat utilisé (RFC 7672, usage 3 ou 2).`,
  },
  'dnssec-invalid': {
    advice:
      'Prévenez votre propre administrateur de messagerie\u202f: le problème peut se trouver dans le DNS de ce côté-ci ou dans celui du domaine du destinataire. Envoyez de nouveau le message une fois le problème corrigé\u202f; d’ici là, joignez le destinataire par un autre moyen.',
    ask: null,
  },
  'resolver-unavailable': {
    advice:
      'Prévenez votre propre administrateur de messagerie\u202f: le résolveur DNS dont ce système de messagerie a besoin ne fonctionne pas ou ne valide pas DNSSEC. Envoyez de nouveau le message une fois le problème corrigé\u202f; d’ici là, joignez le destinataire par un autre moyen.',
    ask: null,
  },
  'dane-required': {
    advice: theirsToPublish(
      'que son serveur de messagerie a besoin d’enregistrements TLSA (DANE) dans le DNS et que son domaine doit être signé avec DNSSEC',
    ),
    ask: (request) =>
      `Aucun enregistrement TLSA (DANE) sécurisé par DNSSEC n’a été trouvé pour ${hostsIn(request)}. Veuillez signer vos zones et publier des enregistrements TLSA pour le certificat utilisé (RFC 7672).`,
  },
  'sts-policy-fetch-error': {
    advice: theirsToPublish('que la politique MTA-STS de son domaine ne peut pas être récupérée'),
    ask: ({ domain }) =>
      `Votre politique MTA-STS ne peut pas être récupérée à l’adresse ${policyOf(domain)}. Veuillez vous assurer qu’elle s’y trouve (RFC 8461).`,
  },
  'sts-policy-invalid': {
    advice: theirsToPublish('que la politique MTA-STS de son domaine n’est pas valide'),
    ask: ({ domain }) =>
      `Votre politique MTA-STS à l’adresse ${policyOf(domain)}, ou son enregistrement TXT _mta-sts.${domain}, n’est pas valide. Veuillez corriger cela (RFC 8461).`,
  },
  'sts-webpki-invalid': {
    advice: theirsToPublish(
      'que le serveur web qui porte la politique MTA-STS de son domaine a besoin d’un certificat valide',
    ),
    ask: ({ domain }) =>
      `Le serveur web mta-sts.${domain} qui porte votre politique MTA-STS n’a pas de certificat valide pour ce nom. Veuillez en installer un d’une autorité publiquement reconnue.`,
  },
  'mx-not-listed': {
    advice: theirsToPublish(
      'que la politique MTA-STS de son domaine ne mentionne pas le serveur de messagerie',
    ),
    ask: (request) =>
      `Votre politique MTA-STS à l’adresse ${policyOf(request.domain)} ne mentionne pas ${hostsIn(request)}, contrairement à vos enregistrements MX. Veuillez les faire concorder (RFC 8461).`,
  },
  'nothing-published': {
    advice: theirsToPublish(
      'que son domaine ne publie pas comment vérifier son serveur de messagerie (MTA-STS, DANE)',
    ),
    ask: ({ domain }) =>
      `Rien n’est publié pour ${domain} qui nous permette de vérifier son serveur de messagerie. Veuillez publier une politique MTA-STS en mode enforce (RFC 8461) ou des enregistrements TLSA sécurisés par DNSSEC (DANE, RFC 7672).`,
  },
  'requiretls-not-supported': {
    advice: informRecipient(
      'que son serveur de messagerie doit promettre que le message restera chiffré au-delà de ce serveur (REQUIRETLS)',
    ),
    ask: (request) =>
      `${yours(request, 'ne propose', 'ne proposent')} pas REQUIRETLS dans la session TLS. Veuillez l’y activer si vous pouvez tenir ce qu’il promet (RFC 8689).`,
  },
  'requiretls-refused': {
    advice: informRecipient(
      'que son serveur de messagerie propose REQUIRETLS, la promesse que les messages restent chiffrés au-delà de ce serveur, puis refuse de s’y engager',
    ),
    ask: (request) =>
      `${yours(request, 'propose', 'proposent')} REQUIRETLS dans la session TLS, mais ${request.hosts.length > 1 ? 'rejettent' : 'rejette'} la commande MAIL avec ce paramètre. Veuillez vous assurer que ce qui y est proposé fonctionne (RFC 8689).`,
  },
  'trust-unusable': {
    advice:
      'Prévenez votre propre administrateur de messagerie\u202f: les paramètres TLS de ce système pour ce partenaire doivent être corrigés. Envoyez ensuite le message de nouveau\u202f; d’ici là, joignez le destinataire par un autre moyen.',
    ask: null,
  },
  'gateway-unavailable': { advice: askForGateway(), ask: null },
  'gateway-misconfigured': { advice: askForGateway(), ask: null },
  'gateway-loop': { advice: askForGateway(), ask: null },
}

/** Where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return `Signalez au destinataire, par exemple par téléphone, ${what}, et envoyez de nouveau le message une fois le problème corrigé.`
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return `Signalez au destinataire, par exemple par téléphone, ${what}\u202f: son administrateur de messagerie peut corriger cela. Envoyez ensuite le message de nouveau.`
}

function askForGateway(): string {
  return 'Prévenez votre propre administrateur de messagerie\u202f: la passerelle par laquelle votre message doit passer n’a pas pu être utilisée. Envoyez de nouveau le message une fois le problème corrigé\u202f; d’ici là, joignez le destinataire par un autre moyen.'
}

/** Their servers, with the verb. */
function yours(request: Request, one: string, several: string): string {
  return request.hosts.length > 1
    ? `Vos serveurs de messagerie ${hostsIn(request)} ${several}`
    : `Votre serveur de messagerie ${hostsIn(request)} ${one}`
}

function hostsIn({ hosts }: Request): string {
  return listed(hosts)
}

function certificateNameIn({ certificateName, domain }: Request): string {
  switch (certificateName) {
    case 'host':
      return 'le nom du serveur de messagerie tel qu’il figure dans votre enregistrement MX'
    case 'domain':
      return `${domain} ou l’un de ses sous-domaines`
    case 'host and domain':
      return `le nom du serveur de messagerie tel qu’il figure dans votre enregistrement MX, ainsi que ${domain} ou l’un de ses sous-domaines`
    default:
      return certificateName.is
  }
}
