/** What a sender, and the administrators of the recipient's servers, can do about each class of failure, in Dutch. */
import type { FailureClass } from '../../failure-classes.js'
import { listsIn, policyOf, waysOutIn } from './grammar.js'
import type { NoticeTexts, Request } from './types.js'

/** A list in a sentence. */
export const listed = listsIn('nl', (count) => `${count} andere`)

/** What happened, as the end of a sentence about one server, or about a gateway. */
export const says: Readonly<Record<FailureClass, string>> = {
  'starttls-not-supported': 'biedt geen TLS aan',
  'starttls-deferred': 'vroeg om TLS later opnieuw te proberen',
  'starttls-refused': 'bood TLS aan en weigerde het daarna',
  'handshake-failure': 'slaagde er niet in TLS op te zetten',
  'certificate-not-trusted': 'heeft een certificaat dat niet vertrouwd wordt',
  'certificate-expired': 'heeft een certificaat dat is verlopen',
  'certificate-host-mismatch': 'heeft een certificaat voor een andere naam',
  'fingerprint-mismatch': 'heeft een ander certificaat dan het vereiste',
  'starttls-injection':
    'stuurde onversleutelde gegevens waar TLS moest beginnen, wat op een aanval kan wijzen',
  'tlsa-invalid': 'heeft een certificaat dat niet wordt bevestigd door zijn DANE-records in DNS (TLSA)',
  'dnssec-invalid': 'kon niet veilig worden opgezocht in DNS',
  'resolver-unavailable':
    'kon niet worden opgezocht, omdat hier geen enkele DNS-resolver betrouwbare antwoorden geeft',
  'dane-required': 'wordt niet bevestigd door ondertekende records in DNS (DANE)',
  'sts-policy-fetch-error':
    'kon niet worden geverifieerd, omdat het MTA-STS-beleid van het domein niet kan worden opgehaald',
  'sts-policy-invalid':
    'kon niet worden geverifieerd, omdat het MTA-STS-beleid van het domein niet geldig is',
  'sts-webpki-invalid':
    'kon niet worden geverifieerd, omdat de webserver met het MTA-STS-beleid van het domein geen geldig certificaat heeft',
  'mx-not-listed': 'staat niet bij de servers in het MTA-STS-beleid van het domein',
  'nothing-published': 'kon niet worden geverifieerd, omdat het domein niet publiceert wat vereist is',
  'requiretls-not-supported': 'belooft niet het bericht versleuteld door te geven (REQUIRETLS)',
  'requiretls-refused':
    'bood REQUIRETLS aan (de belofte berichten versleuteld door te geven) en weigerde het daarna',
  'trust-unusable':
    'kon niet worden benaderd, omdat de TLS-instellingen van dit mailsysteem voor deze server niet kunnen worden gebruikt',
  'gateway-unavailable': 'kon het bericht niet aannemen',
  'gateway-misconfigured': 'is hier niet ingesteld zoals de regels vereisen',
  'gateway-loop': 'krijgt geen bericht dat in een lus rondgaat',
}

/** How a message goes in spite of a failure. */
export const wayOut = waysOutIn(
  {
    encryption: 'Als het bericht geen versleuteling nodig heeft',
    check: 'Als het bericht zonder deze controle mag worden verzonden',
    onward: 'Als versleuteling tot aan die server voldoende is',
  },
  {
    rules: 'vraag uw eigen mailbeheerder dan de regel te wijzigen',
    sender: 'verzend het bericht dan opnieuw zonder REQUIRETLS',
    both: 'vraag uw eigen mailbeheerder dan de regel te wijzigen en verzend het bericht daarna opnieuw zonder REQUIRETLS',
  },
)

export const failures: NoticeTexts['failures'] = {
  'starttls-not-supported': {
    advice: informRecipient('de mailserver daar versleutelde verbindingen (TLS) moet accepteren'),
    ask: (request) =>
      `${yours(request, 'biedt', 'bieden')} geen STARTTLS aan. Schakel dit daar alstublieft in, met ${request.version} of nieuwer.`,
  },
  'starttls-deferred': {
    advice: informRecipient('de mailserver daar de versleuteling (TLS) steeds uitstelt'),
    ask: (request) =>
      `${yours(request, 'beantwoordt', 'beantwoorden')} STARTTLS met een tijdelijke fout (4yz). Zorg er alstublieft voor dat daar ${request.version} of nieuwer beschikbaar is.`,
  },
  'starttls-refused': {
    advice: informRecipient('de mailserver daar versleutelde verbindingen (TLS) moet accepteren'),
    ask: (request) =>
      `${yours(request, 'biedt', 'bieden')} STARTTLS aan, maar ${request.hosts.length > 1 ? 'weigeren' : 'weigert'} de opdracht met een fout (5yz). Zorg er alstublieft voor dat daar ${request.version} of nieuwer werkt.`,
  },
  'handshake-failure': {
    advice: informRecipient(
      'de mailserver daar een actuele versie van de versleuteling (TLS) nodig heeft die werkt',
    ),
    ask: (request) =>
      `De TLS-handshake met ${hostsIn(request)} mislukt. Zorg er alstublieft voor dat daar ${request.version} of nieuwer werkt, met een gangbare cipher suite.`,
  },
  'certificate-not-trusted': {
    advice: informRecipient(
      'de mailserver daar een certificaat van een vertrouwde certificaatautoriteit nodig heeft',
    ),
    ask: (request) =>
      `${yours(request, 'presenteert', 'presenteren')} geen certificaat dat leidt naar een certificaatautoriteit die wij vertrouwen. ` +
      (request.agreedAuthority
        ? 'Installeer er alstublieft een van de met ons overeengekomen autoriteit, met alle tussenliggende certificaten.'
        : 'Installeer er alstublieft een van een publiek vertrouwde autoriteit, met alle tussenliggende certificaten.'),
  },
  'certificate-expired': {
    advice: informRecipient('het certificaat van de mailserver daar is verlopen'),
    ask: (request) =>
      `${yours(request, 'presenteert', 'presenteren')} een certificaat dat niet binnen zijn geldigheidsduur valt. Installeer alstublieft een geldig certificaat.`,
  },
  'certificate-host-mismatch': {
    advice: informRecipient('het certificaat van de mailserver daar voor een andere naam is'),
    ask: (request) =>
      `${yours(request, 'presenteert', 'presenteren')} een certificaat voor een andere naam. ` +
      `Installeer er alstublieft een waarvan de subject alternative names het volgende bevatten: ${certificateNameIn(request)}.`,
  },
  'fingerprint-mismatch': {
    advice:
      'Vraag het uw eigen mailbeheerder: als de mailserver van de ontvanger een nieuw certificaat heeft, moet de regel dat vermelden. Neem tot die tijd op een andere manier contact op met de ontvanger.',
    ask: null,
  },
  'starttls-injection': {
    advice:
      'Laat uw eigen mailbeheerder weten dat iemand mogelijk in de verbinding ingrijpt. Verzend het bericht niet opnieuw voordat dat is opgehelderd.',
    ask: null,
  },
  'tlsa-invalid': {
    advice: theirsToPublish(
      'het certificaat van de mailserver daar niet overeenkomt met de TLSA-records (DANE) ervan in DNS',
    ),
    ask: (request) =>
      `De TLSA-records (DANE) in DNS bevestigen het certificaat niet dat ${hostsIn(request)} ${request.hosts.length > 1 ? 'presenteren' : 'presenteert'}. Publiceer alstublieft records voor het gebruikte certificaat (RFC 7672, usage 3 of 2).`,
  },
  'dnssec-invalid': {
    advice:
      'Meld dit aan uw eigen mailbeheerder: de fout kan in DNS aan deze kant liggen of in dat van het domein van de ontvanger. Verzend het bericht opnieuw zodra de fout is verholpen; neem tot die tijd op een andere manier contact op met de ontvanger.',
    ask: null,
  },
  'resolver-unavailable': {
    advice:
      'Meld dit aan uw eigen mailbeheerder: de DNS-resolver die dit mailsysteem nodig heeft, werkt niet of valideert DNSSEC niet. Verzend het bericht opnieuw zodra dat is verholpen; neem tot die tijd op een andere manier contact op met de ontvanger.',
    ask: null,
  },
  'dane-required': {
    advice: theirsToPublish(
      'de mailserver daar TLSA-records (DANE) in DNS nodig heeft en het domein met DNSSEC moet zijn ondertekend',
    ),
    ask: (request) =>
      `Voor ${hostsIn(request)} zijn geen met DNSSEC beveiligde TLSA-records (DANE) gevonden. Onderteken alstublieft uw zones en publiceer TLSA-records voor het gebruikte certificaat (RFC 7672).`,
  },
  'sts-policy-fetch-error': {
    advice: theirsToPublish('het MTA-STS-beleid van het domein niet kan worden opgehaald'),
    ask: ({ domain }) =>
      `Uw MTA-STS-beleid kan niet worden opgehaald van ${policyOf(domain)}. Zorg er alstublieft voor dat het daar staat (RFC 8461).`,
  },
  'sts-policy-invalid': {
    advice: theirsToPublish('het MTA-STS-beleid van het domein niet geldig is'),
    ask: ({ domain }) =>
      `Uw MTA-STS-beleid op ${policyOf(domain)}, of het TXT-record ervan op _mta-sts.${domain}, is niet geldig. Corrigeer dit alstublieft (RFC 8461).`,
  },
  'sts-webpki-invalid': {
    advice: theirsToPublish(
      'de webserver met het MTA-STS-beleid van het domein een geldig certificaat nodig heeft',
    ),
    ask: ({ domain }) =>
      `De webserver mta-sts.${domain} met uw MTA-STS-beleid heeft geen geldig certificaat voor die naam. Installeer er alstublieft een van een publiek vertrouwde autoriteit.`,
  },
  'mx-not-listed': {
    advice: theirsToPublish('het MTA-STS-beleid van het domein de mailserver niet vermeldt'),
    ask: (request) =>
      `Uw MTA-STS-beleid op ${policyOf(request.domain)} vermeldt ${hostsIn(request)} niet, uw MX-records wel. Breng beide alstublieft met elkaar in overeenstemming (RFC 8461).`,
  },
  'nothing-published': {
    advice: theirsToPublish(
      'het domein niet publiceert hoe de mailserver ervan kan worden geverifieerd (MTA-STS, DANE)',
    ),
    ask: ({ domain }) =>
      `Voor ${domain} is niets gepubliceerd waarmee wij de mailserver kunnen verifiëren. Publiceer alstublieft een MTA-STS-beleid in de modus enforce (RFC 8461) of met DNSSEC beveiligde TLSA-records (DANE, RFC 7672).`,
  },
  'requiretls-not-supported': {
    advice: informRecipient(
      'de mailserver daar moet beloven het bericht ook verder onderweg versleuteld door te geven (REQUIRETLS)',
    ),
    ask: (request) =>
      `${yours(request, 'biedt', 'bieden')} binnen TLS geen REQUIRETLS aan. Schakel dit daar alstublieft in, als u kunt nakomen wat het belooft (RFC 8689).`,
  },
  'requiretls-refused': {
    advice: informRecipient(
      'de mailserver daar REQUIRETLS aanbiedt, de belofte dat berichten ook verder onderweg versleuteld blijven, maar dan weigert dat te beloven',
    ),
    ask: (request) =>
      `${yours(request, 'biedt', 'bieden')} binnen TLS REQUIRETLS aan, maar ${request.hosts.length > 1 ? 'weigeren' : 'weigert'} MAIL met die parameter. Zorg er alstublieft voor dat daar werkt wat wordt aangeboden (RFC 8689).`,
  },
  'trust-unusable': {
    advice:
      'Meld dit aan uw eigen mailbeheerder: de TLS-instellingen hier voor deze partner moeten worden gecorrigeerd. Verzend het bericht daarna opnieuw; neem tot die tijd op een andere manier contact op met de ontvanger.',
    ask: null,
  },
  'gateway-unavailable': { advice: askForGateway(), ask: null },
  'gateway-misconfigured': { advice: askForGateway(), ask: null },
  'gateway-loop': { advice: askForGateway(), ask: null },
}

/** Where the recipient's side has to mend something. */
function informRecipient(what: string): string {
  return `Laat de ontvanger weten, bijvoorbeeld telefonisch, dat ${what}, en verzend het bericht opnieuw zodra dat is verholpen.`
}

/** The same where it is about what their domain publishes. */
function theirsToPublish(what: string): string {
  return `Laat de ontvanger weten, bijvoorbeeld telefonisch, dat ${what}; de mailbeheerder daar kan dat verhelpen. Verzend het bericht daarna opnieuw.`
}

function askForGateway(): string {
  return 'Meld dit aan uw eigen mailbeheerder: de gateway waarlangs uw bericht moet gaan, kon niet worden gebruikt. Verzend het bericht opnieuw zodra dat is verholpen; neem tot die tijd op een andere manier contact op met de ontvanger.'
}

/** Their servers, with the verb. */
function yours(request: Request, one: string, several: string): string {
  return request.hosts.length > 1
    ? `Uw mailservers ${hostsIn(request)} ${several}`
    : `Uw mailserver ${hostsIn(request)} ${one}`
}

function hostsIn({ hosts }: Request): string {
  return listed(hosts)
}

function certificateNameIn({ certificateName, domain }: Request): string {
  switch (certificateName) {
    case 'host':
      return 'de naam van de mailserver zoals in uw MX-record'
    case 'domain':
      return `${domain} of een subdomein daarvan`
    case 'host and domain':
      return `de naam van de mailserver zoals in uw MX-record, en ${domain} of een subdomein daarvan`
    default:
      return certificateName.is
  }
}
