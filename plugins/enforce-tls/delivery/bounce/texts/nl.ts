/** Bounce and notice of delay in Dutch. */
import { failures, listed, says, wayOut } from './nl-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import { causeOf, demandOf, reasonOf, rulesIn } from './nl-reasons.js'
import type { GatewayFailure, NoticeTexts } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** The Dutch texts. */
export const nl: NoticeTexts & { readonly language: 'nl' } = {
  language: 'nl',
  labels: {
    from: 'Mailbezorgsysteem',
    advice: 'Wat u nu kunt doen',
    tell: 'Wat u kunt doorgeven',
    contact: 'Bij wie u terechtkunt:',
    link: 'Meer over versleutelde e-mail:',
    reason: 'Waarom',
    message: 'Om welk bericht het gaat',
    to: 'Aan:',
    subject: 'Onderwerp:',
    dated: 'Verzonden:',
    messageId: 'Message-ID:',
    code: 'Code:',
    tried: 'Wat er is geprobeerd',
  },
  title: (fate, problem) =>
    fate === 'delayed'
      ? 'Uw bericht is vertraagd'
      : isOther(problem)
        ? 'Uw bericht is niet bezorgd'
        : 'Uw bericht is niet verzonden',
  subjectLine: ({ fate, problem, domain, several }) => {
    const isDelayed = fate === 'delayed'
    const not = isDelayed ? 'nog niet' : 'niet'
    const what = isDelayed ? 'Vertraagd' : isOther(problem) ? 'Niet bezorgd' : 'Niet verzonden'
    switch (problem) {
      case 'encryption':
        return `${what}: ${domain} kan uw bericht ${not} versleuteld ontvangen`
      case 'certificate':
        return several
          ? `${what}: de certificaten van de mailservers van ${domain} konden ${not} worden geverifieerd`
          : `${what}: het certificaat van de mailserver van ${domain} kon ${not} worden geverifieerd`
      case 'server':
      case 'look-up':
        return `${what}: de mailserver van ${domain} kon ${not} worden geverifieerd`
      case 'mixed':
        return `${what}: ${domain} kon ${not} zo veilig worden bereikt als vereist`
      case 'ours':
        return `${what}: dit mailsysteem kan ${not} zoals vereist naar ${domain} verzenden`
      case 'gateway':
      case 'rejected':
      case 'given-up':
      case 'other':
        return `${what}: uw bericht aan ${domain}`
    }
  },
  result: (result) => {
    const { fate, problem, recipients } = result
    const became =
      fate === 'delayed' ? 'is vertraagd' : isOther(problem) ? 'is niet bezorgd' : 'is niet verzonden'
    const message = `Uw bericht aan ${listed(recipients, NAMED)} ${became}`
    const because = causeOf(result)
    const sentence = because === '' ? `${message}.` : `${message}, omdat ${because}.`
    return result.gateway === 'instead'
      ? `${sentence} Ook via een gateway kon het niet worden verzonden.`
      : sentence
  },
  side: (side, fate, domain) => {
    if (side === 'sender') return 'De volgende stap is aan u.'
    const [verb, who, what] = actionOf(side, domain)
    return fate === 'delayed'
      ? `Als dit niet vanzelf overgaat, ${verb} ${who} ${what}.`
      : `${capital(who)} ${verb} ${what}.`
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'Het is meerdere keren geprobeerd.',
  givenUp: 'Daarna heeft een mailbeheerder de pogingen beëindigd.',
  givenUpReason: (reason) => `Het bericht wachtte op verzending: ${ended(reason)}`,
  givenUpAdvice: 'Vraag het uw mailbeheerder voordat u het bericht opnieuw verzendt.',
  otherReason: (reason, gateway) =>
    gateway
      ? `Reden volgens ${gateway.host}, de gateway “${gateway.name}” waarlangs het is verzonden: ${ended(reason)}`
      : `De opgegeven reden: ${ended(reason)}`,
  discreetReason: (codes) =>
    codes.length > 0
      ? `de ontvangende server antwoordde ${listed(codes)}; de tekst ervan is weggelaten, omdat deze melding onversleuteld kan worden verzonden`
      : 'de sessie met de ontvangende server is mislukt; de tekst ervan is weggelaten, omdat deze melding onversleuteld kan worden verzonden',
  answered: (answers) => `antwoordde ${listed(answers)}`,
  otherAdvice:
    'Controleer het adres en de reden die de ontvangende server heeft opgegeven. Als beide juist lijken, vraag het dan aan uw mailbeheerder.',
  delayAdvice: (until) =>
    `Voorlopig niets: verzend het bericht niet opnieuw. Tot ${until} wordt verzending steeds opnieuw geprobeerd; lukt het dan nog niet, dan ontvangt u opnieuw een melding. ` +
    'Als het dringend is, neem dan op een andere manier contact op met de ontvanger, bijvoorbeeld telefonisch.',
  whatTlsIs:
    'TLS is de versleuteling die een bericht beschermt op weg van de ene mailserver naar de volgende.',
  whatPublishingIs:
    'Die helpt alleen als dat de juiste server is. Daarom kunnen domeinen publiceren hoe die van hen te herkennen is: in DNS (DANE) of in een beleid op een webserver (MTA-STS).',
  whatLookingUpIs:
    'Die helpt alleen als dat de juiste server is. Welke dat is, staat in het adresboek van het internet (DNS), en dat gaf geen betrouwbaar antwoord.',
  whatAGatewayIs:
    'Een gateway is een mailserver die berichten doorgeeft. Deze krijgt berichten alleen via een versleutelde verbinding, en pas nadat de identiteit ervan is aangetoond.',
  failed: (failure, host) => `${host} ${says[failure]}.`,
  failures,
  wayOut,
  gatewayInstead: (gateway) =>
    `In plaats daarvan zou het bericht via de gateway ${placeOf(gateway)} gaan; die ${says[gatewayFault(gateway.failure)]}${detailOf(gateway)}.`,
  gatewayOnly: (gateway) => {
    const { rules } = gateway
    const place = `${placeOf(gateway)}${detailOf(gateway)}.`
    if (rules.length === 0) return `De gateway is ${place}`
    return rules.length > 1
      ? `De regels ${rulesIn(rules)} verzenden het bericht via de gateway ${place}`
      : `De regel ${rulesIn(rules)} verzendt het bericht via de gateway ${place}`
  },
  unconfirmed: {
    subjectLine: (domain) => `Niet bevestigd: uw bericht aan ${domain}`,
    title: 'Uw bericht is mogelijk bezorgd',
    result: (recipients) =>
      `Uw bericht aan ${listed(recipients, NAMED)} is mogelijk bezorgd: de ontvangende server heeft het niet bevestigd.`,
    reason:
      'Het hele bericht is naar een ontvangende server verzonden, en die heeft niet geantwoord. Daarom is niet bekend of die het heeft aangenomen.',
    advice: 'Vraag de ontvanger of het bericht is aangekomen voordat u het opnieuw verzendt.',
  },
  failedAtOnward: (hosts) =>
    `De bezorging mislukte precies bij de opdracht die ${listed(hosts)} daarom vraagt (MAIL met REQUIRETLS); of dat de oorzaak is, is niet bekend.`,
  ask: ({ me, domain, sentences }) =>
    [
      `Graag doorgeven aan uw mailbeheerders: onze mailserver ${me} kon aan ${domain} geen e-mail bezorgen die via TLS moet worden verzonden.`,
      ...sentences,
    ].join(' '),
  withheld: 'niet weergegeven, omdat deze melding onversleuteld kan worden verzonden',
  unknown: 'onbekend',
  none: 'geen',
  writtenBy: (me) => `Deze melding is opgesteld door het mailsysteem van ${me}.`,
  time: timesIn('nl', 'long'),
}

/** Verb, who, and what: the verb comes first behind a condition. */
function actionOf(side: 'theirs' | 'ours' | 'either' | 'both', domain: string): [string, string, string] {
  switch (side) {
    case 'theirs':
      return ['moeten', `de mailbeheerders van ${domain}`, 'dit verhelpen']
    case 'ours':
      return ['moeten', 'uw eigen mailbeheerders', 'dit verhelpen']
    case 'either':
      return ['moeten', 'uw eigen mailbeheerders', 'uitzoeken aan welke kant de fout ligt']
    case 'both':
      return ['moeten', `uw eigen mailbeheerders en die van ${domain}`, 'elk iets verhelpen']
  }
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? `“${name}”` : `“${name}” (${host})`
}

/** It is of the log's language, English, or that of a server. */
function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `. Technisch detail: ${detail.replace(/\.$/, '')}`
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
