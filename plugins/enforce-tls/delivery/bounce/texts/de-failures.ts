/** What a sender, and the administrators of the recipient's servers, can do about each class of failure, in German. */
import type { FailureClass } from '../../failure-classes.js'
import { listsIn, policyOf, waysOutIn } from './grammar.js'
import type { NoticeTexts, Request } from './types.js'

/** A list in a sentence. */
export const listed = listsIn('de', (count) => `${count} weitere`)

/** What happened, as the end of a sentence about one server; it is neuter or masculine. */
export const says: Readonly<Record<FailureClass, string>> = {
  'starttls-not-supported': 'bietet kein TLS an',
  'starttls-deferred': 'bat darum, TLS später erneut zu versuchen',
  'starttls-refused': 'bot TLS an und lehnte es dann ab',
  'handshake-failure': 'konnte TLS nicht aufbauen',
  'certificate-not-trusted': 'hat ein Zertifikat, das nicht vertrauenswürdig ist',
  'certificate-expired': 'hat ein Zertifikat, das abgelaufen ist',
  'certificate-host-mismatch': 'hat ein Zertifikat für einen anderen Namen',
  'fingerprint-mismatch': 'hat ein anderes Zertifikat als das geforderte',
  'starttls-injection':
    'sandte unverschlüsselte Daten, wo TLS beginnen sollte, was auf einen Angriff hindeuten kann',
  'tlsa-invalid': 'hat ein Zertifikat, das seine DANE-Einträge im DNS (TLSA) nicht bestätigen',
  'dnssec-invalid': 'konnte im DNS nicht auf sicherem Weg ermittelt werden',
  'resolver-unavailable':
    'konnte nicht ermittelt werden, weil hier kein DNS-Resolver vertrauenswürdige Antworten gibt',
  'dane-required': 'ist nicht durch signierte Einträge im DNS (DANE) bestätigt',
  'sts-policy-fetch-error':
    'konnte nicht überprüft werden, weil die MTA-STS-Richtlinie seiner Domain nicht abgerufen werden kann',
  'sts-policy-invalid':
    'konnte nicht überprüft werden, weil die MTA-STS-Richtlinie seiner Domain ungültig ist',
  'sts-webpki-invalid':
    'konnte nicht überprüft werden, weil der Webserver mit der MTA-STS-Richtlinie seiner Domain kein gültiges Zertifikat hat',
  'mx-not-listed': 'gehört nicht zu den Servern in der MTA-STS-Richtlinie seiner Domain',
  'nothing-published':
    'konnte nicht überprüft werden, weil seine Domain nicht veröffentlicht, was verlangt wird',
  'requiretls-not-supported': 'verspricht nicht, die Nachricht verschlüsselt weiterzugeben (REQUIRETLS)',
  'requiretls-refused':
    'bot REQUIRETLS an (die Zusage, Nachrichten verschlüsselt weiterzugeben) und lehnte es dann ab',
  'trust-unusable':
    'konnte nicht kontaktiert werden, weil die TLS-Einstellungen dieses Mailsystems für ihn nicht verwendet werden können',
  'gateway-unavailable': 'konnte die Nachricht nicht annehmen',
  'gateway-misconfigured': 'ist hier nicht so eingerichtet, wie die Regeln es verlangen',
  'gateway-loop': 'erhält keine Nachricht, die in einer Schleife läuft',
}

/** How a message goes in spite of a failure. */
export const wayOut = waysOutIn(
  {
    encryption: 'Wenn die Nachricht keine Verschlüsselung braucht',
    check: 'Wenn die Nachricht ohne diese Prüfung gesendet werden darf',
    onward: 'Wenn die Verschlüsselung bis zu diesem Server genügt',
  },
  {
    rules: 'bitten Sie Ihre eigene Mail-Administration, die Regel zu ändern',
    sender: 'senden Sie die Nachricht ohne REQUIRETLS noch einmal',
    both: 'bitten Sie Ihre eigene Mail-Administration, die Regel zu ändern, und senden Sie die Nachricht danach ohne REQUIRETLS noch einmal',
  },
)

export const failures: NoticeTexts['failures'] = {
  'starttls-not-supported': {
    advice: informRecipient('der Mailserver dort verschlüsselte Verbindungen (TLS) annehmen muss'),
    ask: (request) =>
      `${yours(request, 'bietet', 'bieten')} kein STARTTLS an. Bitte schalten Sie es dort ein, mit ${request.version} oder neuer.`,
  },
  'starttls-deferred': {
    advice: informRecipient('der Mailserver dort die Verschlüsselung (TLS) immer wieder verschiebt'),
    ask: (request) =>
      `${yours(request, 'beantwortet', 'beantworten')} STARTTLS mit einem vorübergehenden Fehler (4yz). Bitte sorgen Sie dafür, dass dort ${request.version} oder neuer verfügbar ist.`,
  },
  'starttls-refused': {
    advice: informRecipient('der Mailserver dort verschlüsselte Verbindungen (TLS) annehmen muss'),
    ask: (request) =>
      `${yours(request, 'bietet', 'bieten')} STARTTLS an, ${request.hosts.length > 1 ? 'lehnen' : 'lehnt'} den Befehl aber mit einem Fehler (5yz) ab. Bitte sorgen Sie dafür, dass dort ${request.version} oder neuer funktioniert.`,
  },
  'handshake-failure': {
    advice: informRecipient(
      'der Mailserver dort eine aktuelle Version der Verschlüsselung (TLS) braucht, die funktioniert',
    ),
    ask: (request) =>
      `Der TLS-Handshake mit ${hostsIn(request)} schlägt fehl. Bitte sorgen Sie dafür, dass dort ${request.version} oder neuer mit einer gängigen Cipher-Suite funktioniert.`,
  },
  'certificate-not-trusted': {
    advice: informRecipient(
      'der Mailserver dort ein Zertifikat einer vertrauenswürdigen Zertifizierungsstelle braucht',
    ),
    ask: (request) =>
      `${yours(request, 'legt', 'legen')} kein Zertifikat vor, das zu einer Zertifizierungsstelle führt, der wir vertrauen. ` +
      (request.agreedAuthority
        ? 'Bitte installieren Sie eines von der mit uns vereinbarten Zertifizierungsstelle, mit allen Zwischenzertifikaten.'
        : 'Bitte installieren Sie eines von einer öffentlich vertrauenswürdigen Zertifizierungsstelle, mit allen Zwischenzertifikaten.'),
  },
  'certificate-expired': {
    advice: informRecipient('das Zertifikat des Mailservers dort abgelaufen ist'),
    ask: (request) =>
      `${yours(request, 'legt', 'legen')} ein Zertifikat außerhalb seiner Gültigkeitsdauer vor. Bitte installieren Sie ein gültiges.`,
  },
  'certificate-host-mismatch': {
    advice: informRecipient('das Zertifikat des Mailservers dort für einen anderen Namen ausgestellt ist'),
    ask: (request) =>
      `${yours(request, 'legt', 'legen')} ein Zertifikat für einen anderen Namen vor. ` +
      `Bitte installieren Sie eines, dessen Subject Alternative Names Folgendes enthalten: ${certificateNameIn(request)}.`,
  },
  'fingerprint-mismatch': {
    advice:
      'Fragen Sie Ihre eigene Mail-Administration: Wenn der Mailserver des Empfängers ein neues Zertifikat hat, muss die Regel es aufführen. Wenden Sie sich bis dahin auf anderem Weg an den Empfänger.',
    ask: null,
  },
  'starttls-injection': {
    advice:
      'Informieren Sie Ihre eigene Mail-Administration, dass möglicherweise jemand in die Verbindung eingreift. Senden Sie die Nachricht nicht noch einmal, bevor das geklärt ist.',
    ask: null,
  },
  'tlsa-invalid': {
    advice: theirsToPublish(
      'das Zertifikat des Mailservers dort nicht zu dessen TLSA-Einträgen (DANE) im DNS passt',
    ),
    ask: (request) =>
      `Die TLSA-Einträge (DANE) im DNS bestätigen das Zertifikat nicht, das ${hostsIn(request)} ${request.hosts.length > 1 ? 'vorlegen' : 'vorlegt'}. Bitte veröffentlichen Sie Einträge für das verwendete Zertifikat (RFC 7672, Usage 3 oder 2).`,
  },
  'dnssec-invalid': {
    advice:
      'Informieren Sie Ihre eigene Mail-Administration: Der Fehler kann im DNS hier liegen oder in dem der Domain des Empfängers. Senden Sie die Nachricht noch einmal, sobald er behoben ist; wenden Sie sich bis dahin auf anderem Weg an den Empfänger.',
    ask: null,
  },
  'resolver-unavailable': {
    advice:
      'Informieren Sie Ihre eigene Mail-Administration: Der DNS-Resolver, den dieses Mailsystem braucht, funktioniert nicht oder prüft DNSSEC nicht. Senden Sie die Nachricht noch einmal, sobald das behoben ist; wenden Sie sich bis dahin auf anderem Weg an den Empfänger.',
    ask: null,
  },
  'dane-required': {
    advice: theirsToPublish(
      'der Mailserver dort TLSA-Einträge (DANE) im DNS braucht und die Domain mit DNSSEC signiert sein muss',
    ),
    ask: (request) =>
      `Für ${hostsIn(request)} wurden keine durch DNSSEC gesicherten TLSA-Einträge (DANE) gefunden. Bitte signieren Sie Ihre Zonen und veröffentlichen Sie TLSA-Einträge für das verwendete Zertifikat (RFC 7672).`,
  },
  'sts-policy-fetch-error': {
    advice: theirsToPublish('die MTA-STS-Richtlinie der Domain nicht abgerufen werden kann'),
    ask: ({ domain }) =>
      `Ihre MTA-STS-Richtlinie kann unter ${policyOf(domain)} nicht abgerufen werden. Bitte sorgen Sie dafür, dass sie dort steht (RFC 8461).`,
  },
  'sts-policy-invalid': {
    advice: theirsToPublish('die MTA-STS-Richtlinie der Domain ungültig ist'),
    ask: ({ domain }) =>
      `Ihre MTA-STS-Richtlinie unter ${policyOf(domain)} oder deren TXT-Eintrag unter _mta-sts.${domain} ist ungültig. Bitte berichtigen Sie das (RFC 8461).`,
  },
  'sts-webpki-invalid': {
    advice: theirsToPublish(
      'der Webserver mit der MTA-STS-Richtlinie der Domain ein gültiges Zertifikat braucht',
    ),
    ask: ({ domain }) =>
      `Der Webserver mta-sts.${domain} mit Ihrer MTA-STS-Richtlinie hat kein gültiges Zertifikat für diesen Namen. Bitte installieren Sie eines von einer öffentlich vertrauenswürdigen Zertifizierungsstelle.`,
  },
  'mx-not-listed': {
    advice: theirsToPublish('die MTA-STS-Richtlinie der Domain den Mailserver nicht aufführt'),
    ask: (request) =>
      `Ihre MTA-STS-Richtlinie unter ${policyOf(request.domain)} führt ${hostsIn(request)} nicht auf, Ihre MX-Einträge dagegen schon. Bitte bringen Sie beides in Einklang (RFC 8461).`,
  },
  'nothing-published': {
    advice: theirsToPublish(
      'die Domain nicht veröffentlicht, wie ihr Mailserver überprüft werden kann (MTA-STS, DANE)',
    ),
    ask: ({ domain }) =>
      `Für ${domain} ist nichts veröffentlicht, womit wir den Mailserver verifizieren können. Bitte veröffentlichen Sie eine MTA-STS-Richtlinie im Modus enforce (RFC 8461) oder durch DNSSEC gesicherte TLSA-Einträge (DANE, RFC 7672).`,
  },
  'requiretls-not-supported': {
    advice: informRecipient(
      'der Mailserver dort zusagen muss, die Nachricht auch danach verschlüsselt weiterzugeben (REQUIRETLS)',
    ),
    ask: (request) =>
      `${yours(request, 'bietet', 'bieten')} innerhalb von TLS kein REQUIRETLS an. Bitte schalten Sie es dort ein, wenn Sie einhalten können, was es zusagt (RFC 8689).`,
  },
  'requiretls-refused': {
    advice: informRecipient(
      'der Mailserver dort REQUIRETLS anbietet, die Zusage, dass Nachrichten auch danach verschlüsselt bleiben, diese Zusage dann aber verweigert',
    ),
    ask: (request) =>
      `${yours(request, 'bietet', 'bieten')} innerhalb von TLS REQUIRETLS an, ${request.hosts.length > 1 ? 'lehnen' : 'lehnt'} MAIL mit diesem Parameter aber ab. Bitte sorgen Sie dafür, dass dort funktioniert, was angeboten wird (RFC 8689).`,
  },
  'trust-unusable': {
    advice:
      'Informieren Sie Ihre eigene Mail-Administration: Die TLS-Einstellungen hier für diesen Partner müssen berichtigt werden. Senden Sie die Nachricht danach noch einmal; wenden Sie sich bis dahin auf anderem Weg an den Empfänger.',
    ask: null,
  },
  'gateway-unavailable': { advice: askForGateway(), ask: null },
  'gateway-misconfigured': { advice: askForGateway(), ask: null },
  'gateway-loop': { advice: askForGateway(), ask: null },
}

/** Where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return `Teilen Sie dem Empfänger mit, zum Beispiel telefonisch, dass ${what}, und senden Sie die Nachricht noch einmal, sobald das behoben ist.`
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return `Teilen Sie dem Empfänger mit, zum Beispiel telefonisch, dass ${what}; die Mail-Administration dort kann das beheben. Senden Sie die Nachricht dann noch einmal.`
}

function askForGateway(): string {
  return 'Informieren Sie Ihre eigene Mail-Administration: Das Gateway, über das Ihre Nachricht gehen muss, konnte nicht genutzt werden. Senden Sie die Nachricht noch einmal, sobald das behoben ist; wenden Sie sich bis dahin auf anderem Weg an den Empfänger.'
}

/** Their servers, with the verb. */
function yours(request: Request, one: string, several: string): string {
  return request.hosts.length > 1
    ? `Ihre Mailserver ${hostsIn(request)} ${several}`
    : `Ihr Mailserver ${hostsIn(request)} ${one}`
}

function hostsIn({ hosts }: Request): string {
  return listed(hosts)
}

function certificateNameIn({ certificateName, domain }: Request): string {
  switch (certificateName) {
    case 'host':
      return 'den Namen des Mailservers wie in Ihrem MX-Eintrag'
    case 'domain':
      return `${domain} oder eine Subdomain davon`
    case 'host and domain':
      return `den Namen des Mailservers wie in Ihrem MX-Eintrag sowie ${domain} oder eine Subdomain davon`
    default:
      return certificateName.is
  }
}
