/** What a sender, and the administrators of the recipient's servers, can do about each class of failure, in Italian. */
import type { FailureClass } from '../../failure-classes.js'
import { listsIn, policyOf, waysOutIn } from './grammar.js'
import type { NoticeTexts, Request } from './types.js'

/** A list in a sentence. */
export const listed = listsIn('it', (count) => `altri ${count}`)

/** What happened, as the end of a sentence about one server, or about a gateway. */
export const says: Readonly<Record<FailureClass, string>> = {
  'starttls-not-supported': 'non offre TLS',
  'starttls-deferred': 'ha chiesto di riprovare TLS più tardi',
  'starttls-refused': 'ha offerto TLS e poi lo ha rifiutato',
  'handshake-failure': 'non è riuscito a stabilire TLS',
  'certificate-not-trusted': 'ha un certificato non attendibile',
  'certificate-expired': 'ha un certificato scaduto',
  'certificate-host-mismatch': 'ha un certificato rilasciato per un altro nome',
  'fingerprint-mismatch': 'ha un certificato diverso da quello richiesto',
  'starttls-injection':
    'ha inviato dati non crittografati dove doveva iniziare TLS, il che può essere segno di un attacco',
  'tlsa-invalid': 'ha un certificato che i suoi record DANE nel DNS (TLSA) non confermano',
  'dnssec-invalid': 'non ha potuto essere individuato in modo sicuro nel DNS',
  'resolver-unavailable':
    'non ha potuto essere individuato, perché nessun resolver DNS di questo sistema dà risposte affidabili',
  'dane-required': 'non è confermato da record firmati nel DNS (DANE)',
  'sts-policy-fetch-error':
    'non ha potuto essere verificato, perché non è possibile scaricare la policy MTA-STS del suo dominio',
  'sts-policy-invalid':
    'non ha potuto essere verificato, perché la policy MTA-STS del suo dominio non è valida',
  'sts-webpki-invalid':
    'non ha potuto essere verificato, perché il server web con la policy MTA-STS del suo dominio non ha un certificato valido',
  'mx-not-listed': 'non è tra i server elencati nella policy MTA-STS del suo dominio',
  'nothing-published':
    'non ha potuto essere verificato, perché il suo dominio non pubblica ciò che è richiesto',
  'requiretls-not-supported': 'non promette di inoltrare il messaggio crittografato (REQUIRETLS)',
  'requiretls-refused':
    'ha offerto REQUIRETLS (la promessa di inoltrare i messaggi crittografati) e poi lo ha rifiutato',
  'trust-unusable':
    'non ha potuto essere contattato, perché le impostazioni TLS di questo sistema di posta per quel server non possono essere usate',
  'gateway-unavailable': 'non ha potuto accettare il messaggio',
  'gateway-misconfigured': 'non è configurato qui come richiedono le regole',
  'gateway-loop': 'non riceve messaggi che girano in un ciclo senza fine',
}

/** How a message goes in spite of a failure. */
export const wayOut = waysOutIn(
  {
    encryption: 'Se il messaggio non ha bisogno di crittografia',
    check: 'Se il messaggio può essere inviato senza questa verifica',
    onward: 'Se basta la crittografia fino a quel server',
  },
  {
    rules: 'chieda al Suo amministratore di posta di modificare la regola',
    sender: 'invii di nuovo il messaggio senza REQUIRETLS',
    both: 'chieda al Suo amministratore di posta di modificare la regola, poi invii di nuovo il messaggio senza REQUIRETLS',
  },
)

export const failures: NoticeTexts['failures'] = {
  'starttls-not-supported': {
    advice: informRecipient('che il suo server di posta deve accettare connessioni crittografate (TLS)'),
    ask: (request) =>
      `${yours(request, 'non offre', 'non offrono')} STARTTLS. Vi preghiamo di attivarlo, con ${request.version} o successivo.`,
  },
  'starttls-deferred': {
    advice: informRecipient('che il suo server di posta continua a rinviare la crittografia (TLS)'),
    ask: (request) =>
      `${yours(request, 'risponde', 'rispondono')} a STARTTLS con un errore temporaneo (4yz). Vi preghiamo di fare in modo che ${request.version} o successivo sia disponibile.`,
  },
  'starttls-refused': {
    advice: informRecipient('che il suo server di posta deve accettare connessioni crittografate (TLS)'),
    ask: (request) =>
      `${yours(request, 'offre', 'offrono')} STARTTLS, ma ${request.hosts.length > 1 ? 'rifiutano' : 'rifiuta'} il comando con un errore (5yz). Vi preghiamo di fare in modo che ${request.version} o successivo funzioni.`,
  },
  'handshake-failure': {
    advice: informRecipient(
      'che il suo server di posta ha bisogno di una versione attuale e funzionante della crittografia (TLS)',
    ),
    ask: (request) =>
      `La negoziazione TLS con ${hostsIn(request)} non riesce. Vi preghiamo di fare in modo che ${request.version} o successivo funzioni, con una suite di cifratura di uso comune.`,
  },
  'certificate-not-trusted': {
    advice: informRecipient(
      'che il suo server di posta ha bisogno di un certificato di un’autorità di certificazione attendibile',
    ),
    ask: (request) =>
      `${yours(request, 'non presenta', 'non presentano')} alcun certificato che porti a un’autorità di certificazione per noi attendibile. ` +
      (request.agreedAuthority
        ? 'Vi preghiamo di installarne uno dell’autorità concordata con noi, con tutti i certificati intermedi.'
        : 'Vi preghiamo di installarne uno di un’autorità pubblicamente riconosciuta, con tutti i certificati intermedi.'),
  },
  'certificate-expired': {
    advice: informRecipient('che il certificato del suo server di posta è scaduto'),
    ask: (request) =>
      `${yours(request, 'presenta', 'presentano')} un certificato fuori dal suo periodo di validità. Vi preghiamo di installarne uno valido.`,
  },
  'certificate-host-mismatch': {
    advice: informRecipient('che il certificato del suo server di posta è rilasciato per un altro nome'),
    ask: (request) =>
      `${yours(request, 'presenta', 'presentano')} un certificato rilasciato per un altro nome. ` +
      `Vi preghiamo di installarne uno i cui nomi alternativi del soggetto (subjectAltName) comprendano ${certificateNameIn(request)}.`,
  },
  'fingerprint-mismatch': {
    advice:
      'Si rivolga al Suo amministratore di posta: se il server di posta del destinatario ha un nuovo certificato, la regola deve indicarlo. Fino ad allora contatti il destinatario in un altro modo.',
    ask: null,
  },
  'starttls-injection': {
    advice:
      'Informi il Suo amministratore di posta che qualcuno potrebbe interferire con la connessione. Non invii di nuovo il messaggio prima che la questione sia chiarita.',
    ask: null,
  },
  'tlsa-invalid': {
    advice: theirsToPublish(
      'che il certificato del suo server di posta non corrisponde ai record TLSA (DANE) di quest’ultimo nel DNS',
    ),
    ask: (request) =>
      `I record TLSA (DANE) nel DNS non confermano il certificato presentato da ${hostsIn(request)}. Vi preghiamo di pubblicare record per il certificato in uso (RFC 7672, usage 3 o 2).`,
  },
  'dnssec-invalid': {
    advice:
      'Informi il Suo amministratore di posta: il problema può essere nel DNS da questa parte o in quello del dominio del destinatario. Invii di nuovo il messaggio quando sarà risolto; fino ad allora contatti il destinatario in un altro modo.',
    ask: null,
  },
  'resolver-unavailable': {
    advice:
      'Informi il Suo amministratore di posta: il resolver DNS di cui questo sistema di posta ha bisogno non funziona o non convalida DNSSEC. Invii di nuovo il messaggio quando il problema sarà risolto; fino ad allora contatti il destinatario in un altro modo.',
    ask: null,
  },
  'dane-required': {
    advice: theirsToPublish(
      'che il suo server di posta ha bisogno di record TLSA (DANE) nel DNS e che il suo dominio deve essere firmato con DNSSEC',
    ),
    ask: (request) =>
      `Per ${hostsIn(request)} non sono stati trovati record TLSA (DANE) protetti da DNSSEC. Vi preghiamo di firmare le vostre zone e di pubblicare record TLSA per il certificato in uso (RFC 7672).`,
  },
  'sts-policy-fetch-error': {
    advice: theirsToPublish('che non è possibile scaricare la policy MTA-STS del suo dominio'),
    ask: ({ domain }) =>
      `Non è possibile scaricare la vostra policy MTA-STS da ${policyOf(domain)}. Vi preghiamo di fare in modo che si trovi lì (RFC 8461).`,
  },
  'sts-policy-invalid': {
    advice: theirsToPublish('che la policy MTA-STS del suo dominio non è valida'),
    ask: ({ domain }) =>
      `La vostra policy MTA-STS su ${policyOf(domain)}, oppure il relativo record TXT su _mta-sts.${domain}, non è valida. Vi preghiamo di correggere (RFC 8461).`,
  },
  'sts-webpki-invalid': {
    advice: theirsToPublish(
      'che il server web con la policy MTA-STS del suo dominio ha bisogno di un certificato valido',
    ),
    ask: ({ domain }) =>
      `Il server web mta-sts.${domain} con la vostra policy MTA-STS non ha un certificato valido per quel nome. Vi preghiamo di installarne uno di un’autorità pubblicamente riconosciuta.`,
  },
  'mx-not-listed': {
    advice: theirsToPublish('che la policy MTA-STS del suo dominio non elenca il server di posta'),
    ask: (request) =>
      `La vostra policy MTA-STS su ${policyOf(request.domain)} non elenca ${hostsIn(request)}, mentre i vostri record MX sì. Vi preghiamo di renderli coerenti (RFC 8461).`,
  },
  'nothing-published': {
    advice: theirsToPublish(
      'che il suo dominio non pubblica come verificare il proprio server di posta (MTA-STS, DANE)',
    ),
    ask: ({ domain }) =>
      `Per ${domain} non è pubblicato nulla che ci permetta di verificarne il server di posta. Vi preghiamo di pubblicare una policy MTA-STS in modalità enforce (RFC 8461) oppure record TLSA protetti da DNSSEC (DANE, RFC 7672).`,
  },
  'requiretls-not-supported': {
    advice: informRecipient(
      'che il suo server di posta deve promettere che il messaggio resterà crittografato anche oltre quel server (REQUIRETLS)',
    ),
    ask: (request) =>
      `${yours(request, 'non offre', 'non offrono')} REQUIRETLS all’interno di TLS. Vi preghiamo di attivarlo, se potete mantenere ciò che promette (RFC 8689).`,
  },
  'requiretls-refused': {
    advice: informRecipient(
      'che il suo server di posta offre REQUIRETLS, la promessa che i messaggi restino crittografati anche oltre quel server, ma poi si rifiuta di farla',
    ),
    ask: (request) =>
      `${yours(request, 'offre', 'offrono')} REQUIRETLS all’interno di TLS, ma ${request.hosts.length > 1 ? 'rifiutano' : 'rifiuta'} MAIL con questo parametro. Vi preghiamo di fare in modo che funzioni ciò che viene offerto (RFC 8689).`,
  },
  'trust-unusable': {
    advice:
      'Informi il Suo amministratore di posta: le impostazioni TLS da questa parte per questo partner devono essere corrette. Poi invii di nuovo il messaggio; fino ad allora contatti il destinatario in un altro modo.',
    ask: null,
  },
  'gateway-unavailable': { advice: askForGateway(), ask: null },
  'gateway-misconfigured': { advice: askForGateway(), ask: null },
  'gateway-loop': { advice: askForGateway(), ask: null },
}

/** Where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return `Comunichi al destinatario, per esempio per telefono, ${what}, e invii di nuovo il messaggio quando il problema sarà risolto.`
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return `Comunichi al destinatario, per esempio per telefono, ${what}: può porvi rimedio l’amministratore di posta del destinatario. Poi invii di nuovo il messaggio.`
}

function askForGateway(): string {
  return 'Informi il Suo amministratore di posta: non è stato possibile usare il gateway per cui deve passare il Suo messaggio. Invii di nuovo il messaggio quando il problema sarà risolto; fino ad allora contatti il destinatario in un altro modo.'
}

/** Their servers, with the verb. */
function yours(request: Request, one: string, several: string): string {
  return request.hosts.length > 1
    ? `I vostri server di posta ${hostsIn(request)} ${several}`
    : `Il vostro server di posta ${hostsIn(request)} ${one}`
}

function hostsIn({ hosts }: Request): string {
  return listed(hosts)
}

function certificateNameIn({ certificateName, domain }: Request): string {
  switch (certificateName) {
    case 'host':
      return 'il nome del server di posta come nel vostro record MX'
    case 'domain':
      return `${domain} o un suo sottodominio`
    case 'host and domain':
      return `il nome del server di posta come nel vostro record MX, nonché ${domain} o un suo sottodominio`
    default:
      return certificateName.is
  }
}
